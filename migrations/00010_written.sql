-- Whether what rowcast.watched says was written in this database, or came to it
-- in a dump.

-- +goose Up

-- The transaction that wrote the row: the xmin of the row says the same as long as
-- it is where it was written, also in a copy of the files. A dump does not keep
-- xmin. Then the numbers of tables and columns mean nothing; see triggers/known.sql.
alter table rowcast.watched add column written xid;

-- What was watched before this counts where the log belongs to the database.
-- +goose StatementBegin
do $$ begin
    if to_regprocedure('rowcast.identity()') is not null then
        execute 'update rowcast.watched w set relation = w.relation from rowcast.feed f where f.identity = rowcast.identity()';
        update rowcast.watched w set written = w.xmin from rowcast.feed f where f.identity = rowcast.identity();
    end if;
end $$;
-- +goose StatementEnd

-- What the last migration has installed; see triggers/installed.sql.
create table rowcast.installed (
    kind  text not null,                 -- function, table or sequence
    name  text not null,
    state text not null,                 -- another whenever the object is another
    primary key (kind, name)
);

-- +goose Down
drop table rowcast.installed;
alter table rowcast.watched drop column written;

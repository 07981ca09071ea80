-- Rows for the statements to find, and what is excluded.
select rowcast.watch('secrets', exclude => '{secret}');
insert into docs select n, 'T', 'body' from generate_series(1, 2000) n;
insert into plain select * from docs;
insert into secrets select n, 'T', 'body', 'sad' from generate_series(1, 2000) n;
insert into plain_secrets select * from secrets;
analyze;

-- Rows for the statements to find.
insert into docs select n, 'T', 'body' from generate_series(1, 2000) n;
insert into plain select * from docs;
analyze;

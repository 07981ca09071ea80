-- The publications that carry schema rowcast, or would if it were there.
select quote_ident(p.pubname) from pg_publication p where p.puballtables
 union
select quote_ident(t.pubname) from pg_publication_tables t where t.schemaname = 'rowcast'
 order by 1

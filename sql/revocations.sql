-- The revocations that are in force, oldest first: the number, when, who, the
-- condition, the reason and until when.
select r.id, r.revoked_at, r.revoked_by,
       concat_ws(' ', 'token-id=' || r.token_id, 'subject=' || r.subject, 'tenant=' || r.tenant,
                 'issued-before=' || to_char(r.issued_before at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
       r.reason, r.until
  from rowcast.revocation r
 where r.until > clock_timestamp()
 order by r.id

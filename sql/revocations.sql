-- The revocations that are not over, oldest first: the number, when, who, the
-- condition, the reason and until when. Empty text names nothing: a row with it is
-- of no effect.
select r.id, r.revoked_at, r.revoked_by,
       concat_ws(' ', 'token-id=' || r.token_id, 'subject=' || r.subject, 'tenant=' || r.tenant,
                 'issued-before=' || to_char(r.issued_before at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                 case when '' in (r.token_id, r.subject, r.tenant) then '(of no effect: empty text names nothing)' end),
       r.reason, r.until
  from rowcast.revocation r
 where r.until > clock_timestamp()
 order by r.id

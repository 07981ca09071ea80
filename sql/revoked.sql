-- What a server asks each second: the version of the revocations, and if it is
-- not $1, those that are not over, as JSON, times in seconds since 1970.
select v.version::text,
       case when v.version::text is distinct from $1::text then (
           select coalesce(json_agg(json_build_object(
                      'id', r.id, 'tokenId', r.token_id, 'subject', r.subject, 'tenant', r.tenant,
                      'issuedBefore', extract(epoch from r.issued_before), 'until', extract(epoch from r.until))), '[]')
             from rowcast.revocation r where r.until > clock_timestamp()) end
  from rowcast.revocation_version v

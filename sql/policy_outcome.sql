-- What has become of the policy of a version: its state, why, and by whom.
select p.state, p.reason, coalesce(p.settled_by, '') from rowcast.policy p where p.version = $1

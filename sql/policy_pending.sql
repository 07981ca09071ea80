-- The policy that waits to be checked, if there is one: its version and document.
select p.version, p.document from rowcast.policy p where p.state = 'pending'

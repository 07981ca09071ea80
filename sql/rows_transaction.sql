-- Makes the transaction that has begun one whose statements see one snapshot. It comes
-- before any other.
set transaction isolation level repeatable read, read only

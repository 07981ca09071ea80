package triggers

// The numbers of the advisory locks of the feed. lock.sql has the same, and says what
// each is for (TestLockNumbers).
const (
	SleepLock int64 = 8245940711459091457 + iota
	SealLock
	LeaderLock
	PruneLock
	MigrationLock
	ServerLock
)

// Locks are the names of the locks, and their numbers.
func Locks() (names []string, numbers []int64) {
	return []string{"sleep", "seal", "leader", "prune", "migration", "server"},
		[]int64{SleepLock, SealLock, LeaderLock, PruneLock, MigrationLock, ServerLock}
}

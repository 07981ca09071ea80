// Package keeper holds the session locks of a server: that it exists, that it leads,
// and that it sleeps.
//
// # Overview
//
// A [Keeper] has a connection of its own. [Keeper.Look] says whether this server leads
// and how far it is with falling asleep; [Keeper.Want] asks it to sleep or to wake up.
//
// # States
//
//	awake ──► drowsy ──► asleep ──► awake
//
// See package changelog for what each means to writers. A connection that is lost
// leads to awake from any state, and the locks go with it.
//
// # Guarantees
//
//   - Another server leads when this one has lost its connection (changelog:
//     TestSecondServerTakesOver), and writers are heard whichever is lost (changelog:
//     TestSleepSurvivesKills).
//   - It is never asleep without the sleep lock (changelog: TestSleepLock).
//   - A connection that has fallen silent is noticed (changelog:
//     TestSilentConnectionIsNoticed).
//
// # Failures
//
// A lost connection is replaced; the first loss is logged.
package keeper

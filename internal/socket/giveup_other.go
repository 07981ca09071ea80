//go:build !linux

package socket

import "time"

// GiveUpAfter has the connection break when what was written is not
// acknowledged for d: the other side is gone without a word. Where the system
// cannot do that it has no effect.
func (s *Socket) GiveUpAfter(time.Duration) {}

//go:build !unix

package socket

const canTry = false

func (s *Socket) tryWrite(uintptr) {}

func (s *Socket) tryPeek(uintptr) bool { return true }

package service

import (
	"runtime/debug"
	"strings"
)

// Version is what the build says of itself.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	var name strings.Builder
	name.WriteString(info.Main.Version)
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			name.WriteString(" " + s.Value[:12])
		}
	}
	return name.String()
}

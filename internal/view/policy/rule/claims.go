package rule

import (
	"slices"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// MaxClaims is how many bytes of JSON the claims have that conditions use.
const MaxClaims = 4 << 10

// Claims are those of a session, as conditions have them.
type Claims struct{ value ref.Val }

// NewClaims makes claims of decoded JSON, in which numbers are json.Number.
func NewClaims(claims map[string]any) Claims {
	return Claims{types.DefaultTypeAdapter.NativeToValue(exact(claims))}
}

// Pick copies of claims what lies at the paths.
func Pick(claims map[string]any, paths [][]string) map[string]any {
	picked := map[string]any{}
	whole := func(path []string) bool { // a shorter path leads to all of it
		return slices.ContainsFunc(paths, func(p []string) bool { return len(p) < len(path) && slices.Equal(p, path[:len(p)]) })
	}
	for _, path := range paths {
		if !whole(path) {
			pick(picked, claims, path)
		}
	}
	return picked
}

func pick(dst, src map[string]any, path []string) {
	value, there := src[path[0]]
	if !there {
		return
	}
	within, isObject := value.(map[string]any)
	if len(path) == 1 || !isObject {
		dst[path[0]] = value
		return
	}
	inner, ours := dst[path[0]].(map[string]any)
	if !ours {
		inner = map[string]any{}
		dst[path[0]] = inner
	}
	pick(inner, within, path[1:])
}

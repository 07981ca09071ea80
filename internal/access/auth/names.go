package auth

import "strings"

// ClaimNames says which claims name the tenants, the subject and the roles of a
// token: names or paths such as app_metadata.tenant_id, separated by commas. What
// is empty has its default.
type ClaimNames struct{ Tenant, Subject, Role string }

// The defaults of ClaimNames.
const (
	defaultTenantClaims  = "tenant_id,tenantId,tenants"
	defaultSubjectClaims = "sub"
	defaultRoleClaims    = "role"
)

// claimNames are ClaimNames as lists.
type claimNames struct{ tenant, subject, role []string }

func (n ClaimNames) lists() claimNames {
	return claimNames{
		tenant: split(n.Tenant, defaultTenantClaims), subject: split(n.Subject, defaultSubjectClaims), role: split(n.Role, defaultRoleClaims),
	}
}

// split reads a list of names.
func split(list, otherwise string) (names []string) {
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return strings.Split(otherwise, ",")
	}
	return names
}

// lookup finds a claim. A name may hold dots of its own, as that of Auth0 does,
// which is a URL: so the claim of the whole name comes first, then what is below
// the longest part of it that names an object. Null counts as absent.
func lookup(claims map[string]any, name string) any {
	if value := claims[name]; value != nil {
		return value
	}
	for at := strings.LastIndexByte(name, '.'); at > 0; at = strings.LastIndexByte(name[:at], '.') {
		inner, ok := claims[name[:at]].(map[string]any)
		if !ok {
			continue
		}
		if value := lookup(inner, name[at+1:]); value != nil {
			return value
		}
	}
	return nil
}

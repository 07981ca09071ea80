package auth

// Claimed is what claims say, read as those of a token that is accepted: whose they are,
// the tenants and the roles. Time, issuer and audience are not looked at. Numbers in
// claims are json.Number.
func Claimed(claims map[string]any, names ClaimNames) (Identity, error) {
	v, r := &Verifier{names: names.lists()}, claimReader{claims: claims}
	id := v.read(&r)
	return id, r.refused
}

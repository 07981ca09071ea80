package auth_test

import (
	"crypto"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"rowcast/internal/access/auth"
)

// issuerToken is a token as an issuer makes it with its defaults, and what Rowcast
// reads of it with the claims that the guide names for the issuer.
type issuerToken struct {
	name   string
	method jwt.SigningMethod
	header map[string]any
	claims string // without the dates
	read   auth.ClaimNames
	want   auth.Identity
}

func issuerTokens() []issuerToken {
	rs, hs := jwt.SigningMethodRS256, jwt.SigningMethodHS256
	return []issuerToken{
		{
			name: "Auth0", method: rs, header: map[string]any{"kid": "rsa"},
			claims: `{"https://app.example/tenant":"acme","https://app.example/roles":["admin"],"iss":"https://shop.eu.auth0.com/",
				"sub":"auth0|62f5","aud":["https://feed.example","https://shop.eu.auth0.com/userinfo"],"scope":"openid profile","azp":"Xk2"}`,
			read: auth.ClaimNames{Tenant: "https://app.example/tenant", Role: "https://app.example/roles"},
			want: auth.Identity{Subject: "auth0|62f5", Tenants: []string{"acme"}, Roles: []string{"admin"}},
		},
		{
			name: "Auth0 Organizations", method: rs, header: map[string]any{"kid": "rsa"},
			claims: `{"iss":"https://shop.eu.auth0.com/","sub":"auth0|62f5","aud":"https://feed.example","org_id":"org_9x","permissions":["read:orders"]}`,
			read:   auth.ClaimNames{Tenant: "org_id", Role: "permissions"},
			want:   auth.Identity{Subject: "auth0|62f5", Tenants: []string{"org_9x"}, Roles: []string{"read:orders"}},
		},
		{
			name: "Supabase", method: hs, header: map[string]any{"kid": "q8/w"},
			claims: `{"aud":"authenticated","sub":"0b6ac6e4-5a29-4d4b-9f0c-3a0d1c1b2a3f","email":"ann@acme.example","phone":"",
				"app_metadata":{"provider":"email","providers":["email"],"tenant_id":"acme"},"user_metadata":{"name":"Ann"},
				"role":"authenticated","aal":"aal1","amr":[{"method":"password","timestamp":1767225600}],"session_id":"7d","is_anonymous":false}`,
			read: auth.ClaimNames{Tenant: "app_metadata.tenant_id"},
			want: auth.Identity{Subject: "0b6ac6e4-5a29-4d4b-9f0c-3a0d1c1b2a3f", Tenants: []string{"acme"}, Roles: []string{"authenticated"}},
		},
		{
			name: "Clerk, version 2", method: rs, header: map[string]any{"kid": "rsa", "cat": "cl_B7d4PD111AAA"},
			claims: `{"azp":"https://app.example","fva":[0,-1],"iss":"https://clerk.app.example","sid":"sess_2","sub":"user_2","v":2,"pla":"u:free",
				"jti":"1f3c","fea":"o:orders","o":{"id":"org_2","rol":"admin","slg":"acme","per":"read","fpm":"3"}}`,
			read: auth.ClaimNames{Tenant: "o.id", Role: "o.rol"},
			want: auth.Identity{Subject: "user_2", Tenants: []string{"org_2"}, Roles: []string{"admin"}, TokenID: "1f3c"},
		},
		{
			name: "Clerk, version 1", method: rs, header: map[string]any{"kid": "rsa"},
			claims: `{"iss":"https://clerk.app.example","sid":"sess_2","sub":"user_2","org_id":"org_2","org_role":"org:admin","org_slug":"acme","org_permissions":[],"act":null}`,
			read:   auth.ClaimNames{Tenant: "o.id,org_id", Role: "o.rol,org_role"},
			want:   auth.Identity{Subject: "user_2", Tenants: []string{"org_2"}, Roles: []string{"org:admin"}},
		},
		{
			name: "Cognito", method: rs, header: map[string]any{"kid": "rsa", "typ": nil},
			claims: `{"sub":"aaaaaaaa-bbbb","cognito:groups":["clerks","admins"],"email_verified":true,"iss":"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x",
				"cognito:username":"ann","custom:tenant_id":"acme","origin_jti":"o","aud":"client","event_id":"e","token_use":"id","auth_time":1767225600,"jti":"j","name":"Ann"}`,
			read: auth.ClaimNames{Tenant: "custom:tenant_id", Role: "cognito:groups"},
			want: auth.Identity{Subject: "aaaaaaaa-bbbb", Name: "Ann", Tenants: []string{"acme"}, Roles: []string{"clerks", "admins"}, TokenID: "j"},
		},
		{
			name: "Azure (Entra ID)", method: rs, header: map[string]any{"kid": "rsa", "x5t": "rsa"},
			claims: `{"aud":"api://feed","iss":"https://login.microsoftonline.com/72f988bf/v2.0","aio":"A","azp":"c","azpacr":"0","name":"Ann",
				"oid":"690222be","preferred_username":"ann@acme.example","rh":"0.","roles":["Orders.Read"],"scp":"feed","sub":"HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
				"tid":"72f988bf-86f1","uti":"u","ver":"2.0","wids":["b79fbf4d"]}`,
			read: auth.ClaimNames{Tenant: "tid", Subject: "oid,sub", Role: "roles"},
			want: auth.Identity{Subject: "690222be", Name: "Ann", Tenants: []string{"72f988bf-86f1"}, Roles: []string{"Orders.Read"}},
		},
		{
			name: "Keycloak", method: rs, header: map[string]any{"kid": "rsa"},
			claims: `{"jti":"onrtac:5f1e","iss":"https://id.example/realms/shop","aud":"account","sub":"f3a1","typ":"Bearer","azp":"web","sid":"s","acr":"1",
				"allowed-origins":["https://app.example"],"realm_access":{"roles":["offline_access","clerk"]},"resource_access":{"account":{"roles":["view-profile"]}},
				"scope":"openid","organization":{"acme":{"id":"42"},"borealis":{}},"name":"Ann","preferred_username":"ann"}`,
			read: auth.ClaimNames{Tenant: "organization", Role: "realm_access.roles"},
			want: auth.Identity{Subject: "f3a1", Name: "Ann", Tenants: []string{"acme", "borealis"}, Roles: []string{"offline_access", "clerk"}, TokenID: "onrtac:5f1e"},
		},
		{
			name: "Firebase", method: rs, header: map[string]any{"kid": "rsa"},
			claims: `{"iss":"https://securetoken.google.com/shop","aud":"shop","auth_time":1767225600,"user_id":"u1","sub":"u1","tenant_id":"acme","role":"clerk",
				"email":"ann@acme.example","firebase":{"identities":{"email":["ann@acme.example"]},"sign_in_provider":"password","tenant":"acme-x1"}}`,
			read: auth.ClaimNames{Tenant: "tenant_id,firebase.tenant", Role: "role"},
			want: auth.Identity{Subject: "u1", Tenants: []string{"acme", "acme-x1"}, Roles: []string{"clerk"}},
		},
		{
			name: "Django (simplejwt)", method: hs,
			claims: `{"token_type":"access","jti":"9f1c","user_id":7,"tenant_id":42}`,
			read:   auth.ClaimNames{Subject: "sub,user_id"},
			want:   auth.Identity{Subject: "7", Tenants: []string{"42"}, TokenID: "9f1c"},
		},
		{
			name: "Laravel (jwt-auth)", method: hs,
			claims: `{"iss":"https://app.example/api/login","jti":"xJ","sub":7,"prv":"23bd5c8949f600adb39e701c400872db7a5976f7","tenants":[null,42]}`,
			want:   auth.Identity{Subject: "7", Tenants: []string{"42"}, TokenID: "xJ"},
		},
		{
			name: "Nest", method: jwt.SigningMethodHS512,
			claims: `{"sub":12345678901234567890,"username":"ann","role":["admin",3],"name":"","tenantId":42,"jti":1}`,
			want:   auth.Identity{Subject: "12345678901234567890", Tenants: []string{"42"}, Roles: []string{"admin", "3"}, TokenID: "1"},
		},
		{
			name: "ASP.NET", method: hs,
			claims: `{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier":"7",
				"http://schemas.microsoft.com/ws/2008/06/identity/claims/role":["Clerk"],"tenantid":"acme"}`,
			read: auth.ClaimNames{
				Tenant: "tenantid", Subject: "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
				Role: "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
			},
			want: auth.Identity{Subject: "7", Tenants: []string{"acme"}, Roles: []string{"Clerk"}},
		},
		{
			name: "no kid, no `sub`", method: rs, claims: `{"tenant_id":"acme"}`,
			want: auth.Identity{Tenants: []string{"acme"}},
		},
	}
}

// TestTokensOfIssuers: the table of the guide.
func TestTokensOfIssuers(t *testing.T) {
	t.Parallel()
	k := testKeys()
	url := serveKeys(t, map[string]any{"other": k.otherRSA.Public(), "rsa": k.rsa.Public(), "ec": k.p256.Public()})
	for _, i := range issuerTokens() {
		t.Run(i.name, func(t *testing.T) {
			t.Parallel()
			o := auth.Options{Secret: []byte(secret), Claims: i.read}
			var key crypto.PrivateKey = []byte(secret)
			if i.method == jwt.SigningMethodRS256 {
				o, key = auth.Options{JWKSURL: url, Claims: i.read}, k.rsa
			}
			claims := strings.TrimSuffix(i.claims, "}") + `,"iat":1767225600,"nbf":1767225600,"exp":4102444800.5}`
			id, err := newVerifier(t, o).Verify(t.Context(), signText(t, i.method, key, i.header, claims))
			if err != nil {
				t.Fatal(err)
			}
			i.want.IssuedAt, i.want.Expires = time.Unix(1767225600, 0), time.Unix(4102444800, 0)
			if len(id.Claims) == 0 {
				t.Error("the claims are not kept")
			}
			id.Claims = nil
			if diff := cmp.Diff(i.want, id); diff != "" {
				t.Errorf("identity differs (-want +got):\n%s", diff)
			}
		})
	}
}

// TestClaimNames: a name is looked for as it stands, then as a path.
func TestClaimNames(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ names, claims, want string }{
		{"a.b", `{"a.b":"1","a":{"b":"2"}}`, "1"},
		{"a.b", `{"a":{"b":"2"}}`, "2"},
		{"a.b", `{"a.b":null,"a":{"b":"2"}}`, "2"},
		{"a.b", `{"a":"x","b":"y"}`, ""},
		{"a.b.c", `{"a.b":{"c":"1"},"a":{"b.c":"2"}}`, "1"},
		{"a.b.c", `{"a.b":{"d":"1"},"a":{"b.c":"2"}}`, "2"},
		{"a.b.c", `{"a":{"b":{"c":"3"}}}`, "3"},
		{"https://a.example/t", `{"https://a.example/t":"1"}`, "1"},
		{"https://a.example/app.t", `{"https://a.example/app":{"t":"1"}}`, "1"},
		{".a", `{"":{"a":"1"},"a":"2"}`, ""},
		{"a.", `{"a":{"":"1"}}`, "1"},
		{" a , b ,, c", `{"b":"2","a":"1","c":["2","3"]}`, "1 2 3"},
		{"", `{"tenant_id":"1","tenantId":"2","tenants":["3"],"a":"4"}`, "1 2 3"},
		{"a", `{"tenant_id":"1","tenants":[{"id":1}]}`, ""},
	} {
		v := newVerifier(t, auth.Options{Secret: []byte(secret), Claims: auth.ClaimNames{Tenant: tc.names}})
		claims := strings.TrimSuffix(tc.claims, "}") + `,"exp":4102444800}`
		id, err := v.Verify(t.Context(), signText(t, jwt.SigningMethodHS256, []byte(secret), nil, claims))
		if got := strings.Join(id.Tenants, " "); err != nil || got != tc.want {
			t.Errorf("%q of %s: %q, %v; want %q", tc.names, tc.claims, got, err, tc.want)
		}
	}
	// What is minted for claims is read by them.
	names := auth.ClaimNames{Tenant: "https://a.example/app.t", Subject: "user.id", Role: "realm_access.roles"}
	token, err := auth.Mint([]byte(secret), auth.MintClaims{Subject: "ann", Role: "clerk", Tenants: []string{"T", "U"}, Claims: names}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	id, err := newVerifier(t, auth.Options{Secret: []byte(secret), Claims: names}).Verify(t.Context(), token)
	if err != nil || id.Subject != "ann" || !id.Allows("T") || !id.Allows("U") || len(id.Roles) != 1 {
		t.Errorf("minted %+v, %v", id, err)
	}
}

// TestGuideNamesTheClaims: the guide has a row for each issuer, with the settings
// that the tests read its token with.
func TestGuideNamesTheClaims(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../../cmd/rowcast/OPERATE.md")
	if err != nil {
		t.Fatal(err)
	}
	cell := func(name string) string {
		if name == "" {
			return ""
		}
		return "`" + name + "`"
	}
	for _, i := range issuerTokens() {
		row := fmt.Sprintf("| %s | %s | %s | %s |", i.name, cell(i.read.Tenant), cell(i.read.Subject), cell(i.read.Role))
		if !strings.Contains(string(guide), row) {
			t.Errorf("the guide lacks the row %s", row)
		}
	}
}

package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"rowcast/internal/access/origin"
)

// origins looks at those of FRONTEND_URL and ORIGIN.
func origins(_ context.Context, p *patient) Finding {
	if _, err := origin.New(p.Origins...); err != nil {
		return fail(err.Error(), "")
	}
	var all, clear []string
	for _, list := range p.Origins {
		for origin := range strings.SplitSeq(list, ",") {
			origin = strings.TrimSpace(origin)
			if origin == "" {
				continue
			}
			all = append(all, origin)
			if u, err := url.Parse(origin); err == nil && u.Scheme == "http" && !loopback(u.Hostname()) {
				clear = append(clear, origin)
			}
		}
	}
	switch {
	case len(clear) > 0:
		return warn("not https: "+strings.Join(clear, ", "), "")
	case len(all) == 0:
		return ok("pages of the server itself only")
	}
	return ok(strings.Join(all, ", "))
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// exposed looks at where the listener for operators is.
func exposed(_ context.Context, p *patient) Finding {
	host, _, err := net.SplitHostPort(p.AdminAddr)
	switch {
	case p.AdminAddr == "":
		return skip("ADMIN_ADDR is not set")
	case err != nil:
		return fail(err.Error(), "")
	case !loopback(host):
		return warn("ADMIN_ADDR is "+p.AdminAddr, "")
	}
	return ok("ADMIN_ADDR is " + p.AdminAddr)
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// get asks the server on this machine, if one runs. Otherwise the Finding says why there
// is no answer.
func (p *patient) get(ctx context.Context, path string, answer any) (status int, none *Finding) {
	finding := func(f Finding) (int, *Finding) { return 0, &f }
	host, port, err := net.SplitHostPort(p.AdminAddr)
	if err != nil || port == "0" {
		return finding(skip("the address for operators is not known"))
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+path, nil)
	if err != nil {
		return finding(fail(err.Error(), ""))
	}
	response, err := p.Client.Do(request)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return finding(skip("no server listens at " + p.AdminAddr))
	} else if err != nil {
		return finding(fail(words(err), ""))
	}
	defer response.Body.Close()
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(answer); err != nil {
		return finding(fail(fmt.Sprintf("%s answers %s, and not as Rowcast", p.AdminAddr, response.Status), ""))
	}
	return response.StatusCode, nil
}

// ready asks the server whether it is ready.
func ready(ctx context.Context, p *patient) Finding {
	var answer struct {
		Problems []struct{ Code, Detail string }
	}
	status, none := p.get(ctx, "/readyz", &answer)
	if none != nil {
		return *none
	}
	if status != http.StatusOK && len(answer.Problems) == 0 {
		return fail(fmt.Sprintf("%s answers %d, and not as Rowcast", p.AdminAddr, status), "")
	}
	var reasons []string
	for _, problem := range answer.Problems {
		reasons = append(reasons, problem.Code+": "+problem.Detail)
	}
	if len(reasons) > 0 {
		return fail(strings.Join(reasons, "; "), "")
	}
	return ok("the server at " + p.AdminAddr + " is ready")
}

// unnamed asks the server whether a proxy forwards requests that nobody has named.
func unnamed(ctx context.Context, p *patient) Finding {
	var answer struct{ UnnamedProxy string }
	if _, none := p.get(ctx, "/status", &answer); none != nil {
		if none.Status == Fail {
			return skip(none.Evidence) // server-unready says so
		}
		return *none
	}
	if answer.UnnamedProxy != "" {
		return warn("requests are forwarded by "+answer.UnnamedProxy, "")
	}
	return ok("none was seen within an hour")
}

// unreadable asks the server for changes that it has sent without their rows.
func unreadable(ctx context.Context, p *patient) Finding {
	var answer struct {
		Unreadable []struct {
			TenantID, Table, Reason, Detail string
			Position                        int64
		}
	}
	if _, none := p.get(ctx, "/status", &answer); none != nil {
		if none.Status == Fail {
			return skip(none.Evidence) // server-unready says so
		}
		return *none
	}
	n := len(answer.Unreadable)
	if n == 0 {
		return ok("there were none")
	}
	c := answer.Unreadable[n-1]
	return warn(fmt.Sprintf("the newest of %d that are known: position %d of tenant %q, of table %s, reason %s: %s",
		n, c.Position, c.TenantID, c.Table, c.Reason, c.Detail), "")
}

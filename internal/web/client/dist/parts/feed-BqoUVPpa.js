// src/wire.ts
var e = {
	shutdown: 4001,
	"slow-consumer": 4002,
	"token-expired": 4003,
	"no-pong": 4005,
	"rate-limited": 4006,
	"bad-request": 4500,
	"invalid-token": 4501,
	forbidden: 4502,
	"auth-timeout": 4503,
	"limit-exceeded": 4504,
	revoked: 4505
}, t = (e) => e.slice(0, e.lastIndexOf(":") + 1) + "*", n = 1006, r = (t) => e[t] ?? 1006, i = (e) => e < 4e3 ? ![
	1002,
	1003,
	1007,
	1009,
	1010
].includes(e) : e < 4500, a = 64, o = 128, s = "dashboard:none", c = (e) => e === "*" || /^[\w.-]+:([\w.-]+|\*)$/.test(e) && e.length <= o, l = (e, n) => [e, n].includes("*") || e === n || t(e) === t(n) && /:(\*|unreadable)$/m.test(`${e}\n${n}`);
function u(e) {
	let n = new Set([...e].filter(c)), r = [...n].filter((e) => e.endsWith("*") || !n.has(t(e))).sort();
	if (!(n.has("*") || r.length > a)) return r.length ? r : [s];
}
var d = (e, n) => !e || !!n?.every((n) => n === s || e.includes(n) || e.includes(t(n))), f = 1e3;
function p(e, t, n) {
	let r, i = !0, a, o = 0, s = () => String(r) !== String(e());
	return {
		get pending() {
			return i;
		},
		begin() {
			return i = !0, r = e();
		},
		answered() {
			i = !1;
		},
		look: () => {
			if (!i) {
				if (d(r, e())) t() && s() && (a ??= setTimeout(() => {
					a = void 0, !i && s() && n();
				}, f));
				else {
					let e = o;
					i = !0, queueMicrotask(() => e === o && n());
				}
			}
		},
		stop() {
			o++, i = !0, clearTimeout(a), a = void 0;
		}
	};
}
// src/connection.ts
function m(e) {
	let t = globalThis.location?.href, n = new URL(e, t ?? "http://page.invalid");
	if (t || n.host !== "page.invalid") return n.search = n.hash = "", n.href.replace(/^ws/, "http").replace(/\/(ws)?$/, "");
}
function h(e) {
	let t = /retry=(\d+)ms/.exec(e);
	return t ? Number(t[1]) : void 0;
}
var g = 2 ** 31 - 1, _ = () => performance.now();
function v(e, t) {
	let n = _(), r, i, a = () => {
		clearTimeout(i);
		let o = (r ?? n + e) - _();
		o <= 0 ? t() : i = setTimeout(a, Math.min(o, g));
	};
	return a(), {
		heard() {
			n = _(), r = void 0;
		},
		limit(t) {
			t > 0 && (e = t), a();
		},
		limitOnce(e) {
			r ??= _() + e, a();
		},
		stop: () => clearTimeout(i)
	};
}
var y = 1e4, b = 5e3, x = {
	code: n,
	reason: "the server is silent"
}, S = (e, t, n) => {
	e !== "debug" && console[e](`rowcast: ${t}`, n ?? "");
};
function C(e) {
	let t = /* @__PURE__ */ new Map(), n = (e, n) => {
		let r = (t.get(e) ?? []).filter(n);
		r.length ? t.set(e, r) : t.delete(e);
	}, r = (n) => {
		let r = t.get(n) ?? [], i = (t) => e("error", `a handler of ${n} failed`, t);
		return (...e) => {
			for (let a of r) if (t.get(n)?.includes(a)) try {
				let t = a.handler(...e);
				t instanceof Promise && t.catch(i);
			} catch (e) {
				i(e);
			}
		};
	};
	return {
		on(e, r) {
			let i = { handler: r };
			return t.set(e, [...t.get(e) ?? [], i]), () => n(e, (e) => e !== i);
		},
		off: (e, t) => n(e, (e) => !!t && e.handler !== t),
		call: (e, ...t) => r(e)(...t),
		of: r,
		names: () => t.keys()
	};
}
// src/machine.ts
var w = 1e3, T = 3e4, E = 1e4, D = 2, O = ({ at: e }) => e === "waiting" || e === "token" || e === "joining" ? "connecting" : e, k = (e) => e.at === "catching-up" || e.at === "live" || e.at === "stale", ee = (e) => ({
	can: e,
	failures: 0,
	silences: 0,
	at: "idle"
});
function A(e, t) {
	let { can: n, failures: r, silences: i } = e, a = {
		can: n,
		failures: r,
		silences: i
	};
	if (t.type === "close") return e.at === "idle" ? e : {
		...a,
		at: "idle"
	};
	if (e.at === "idle" || e.at === "closed") return t.type === "connect" ? {
		can: n,
		failures: 0,
		silences: 0,
		at: "token",
		fresh: !1,
		token: void 0
	} : e;
	switch (t.type) {
		case "again": return e.at !== "waiting" && !k(e) ? e : {
			...a,
			at: "token",
			fresh: t.fresh,
			token: t.token
		};
		case "token": return e.at === "token" ? {
			...a,
			at: "joining",
			transport: n.websocket && (i < D || !n.sse) ? "websocket" : "sse",
			spoke: !1
		} : e;
		case "spoke": return e.at === "joining" && !e.spoke ? {
			...e,
			spoke: !0
		} : e;
		case "joined": return e.at === "joining" ? {
			...a,
			at: t.resumed ? "catching-up" : "live",
			transport: e.transport,
			since: t.now
		} : e;
		case "caught-up": return e.at === "catching-up" || e.at === "stale" ? {
			...e,
			at: "live"
		} : e;
		case "stale": return e.at === "catching-up" || e.at === "live" ? {
			...e,
			at: "stale"
		} : e;
		case "ended": return e.at === "waiting" ? e : j(e, t);
		case "seen": return e.at !== "waiting" || e.named ? e : {
			...a,
			failures: 0,
			at: "token",
			fresh: e.fresh,
			token: void 0
		};
		case "online": return A(i ? {
			...e,
			silences: 0
		} : e, { type: "seen" });
		case "connect": return e;
	}
}
function j(e, { end: t, now: n, chance: a, online: o }) {
	let { silences: s } = e;
	t.code < 4e3 && (k(e) || e.at === "joining") && (e.at === "joining" && !e.spoke ? s = e.transport === "sse" ? 1 : s + 1 : e.transport === "websocket" && (s = 0));
	let c = t.retryIn >= 0 ? Math.min(t.retryIn, g) : void 0, l = k(e) && (c !== void 0 || n - e.since >= E) ? 0 : e.failures + 1, { code: u, reason: d } = t, f = {
		can: e.can,
		failures: l,
		silences: s,
		code: u,
		reason: d
	};
	if (!i(u)) return {
		...f,
		at: "closed"
	};
	let p = o ? w * 2 ** Math.max(l - 1, 0) : T;
	return {
		...f,
		at: "waiting",
		retryIn: c ?? Math.floor(a * Math.min(T, p)),
		named: c !== void 0,
		fresh: u === r("token-expired")
	};
}
// src/cursor.ts
function te(e) {
	let t, n = /* @__PURE__ */ new Set(), r = (r, i) => {
		i !== t && (n = /* @__PURE__ */ new Set()), e = r, t = i;
	};
	return {
		get cursor() {
			return e;
		},
		get position() {
			return t;
		},
		moveTo(e, t) {
			n = /* @__PURE__ */ new Set(), r(e, t);
		},
		advance(e, n) {
			n >= (t ?? 0) && r(e, n);
		},
		admit(e) {
			return e.position < (t ?? 0) || e.position === t && n.has(e.event) ? !1 : (r(e.cursor, e.position), n.add(e.event), !0);
		}
	};
}
// src/events.gen.ts
var M = /* @__PURE__ */ "stock-movement:created.stock:adjusted.stock-movement:updated.stock-movement:deleted.stock-movement:bulk.stock-movement:truncated.stock-movement:replayed.stock-movement:unreadable.order:created.order:updated.order:deleted.order:status-changed.order:bulk.order:truncated.order:replayed.order:unreadable.purchase-order:created.purchase-order:updated.purchase-order:deleted.purchase-order:status-changed.purchase-order:received.purchase-order:bulk.purchase-order:truncated.purchase-order:replayed.purchase-order:unreadable.alert:low-stock.sku:created.sku:updated.sku:deleted.sku:bulk.sku:truncated.sku:replayed.sku:unreadable.dashboard:stats-updated".split("."), N = 2e4, P = 45e3, F = 15e4, I = [
	"joined",
	"progress",
	"reset",
	"stale",
	"token-expiring",
	"closed"
], L = [
	"created",
	"updated",
	"deleted",
	"bulk",
	"truncated",
	"replayed",
	"unreadable"
], R = (e) => {
	let t = e.slice(0, -1);
	return [...M.filter((e) => e.startsWith(t)), ...L.map((e) => t + e)];
}, z = (e, t) => {
	let n = new URLSearchParams({ tenant: e.tenantId });
	for (let t of e.events ?? []) n.append("events", t);
	return e.where && n.set("where", JSON.stringify(e.where)), e.cursor && n.set("cursor", e.cursor), t && n.set("ticket", t), `${e.base}/events?${n}`;
};
async function B(e) {
	let t = await e.json().catch(() => ({})), n = Number(e.headers.get("Retry-After"));
	return {
		code: r(t.code),
		reason: t.detail ?? `${e.url.split("?")[0]} answers ${e.status}`,
		retryIn: n > 0 ? n * 1e3 : void 0
	};
}
function V(e, t) {
	let r, i = !1, a = () => {
		i = !0, s.stop(), t();
	}, o = (t) => {
		i || (a(), e.end(t));
	}, s = v(y, () => o(x));
	return {
		watch: s,
		close: a,
		end: o,
		fail: (e) => o({
			code: n,
			reason: String(e)
		}),
		retry: (e) => void (r = e),
		data(t) {
			if (i) return;
			let a;
			try {
				a = JSON.parse(t);
			} catch {
				return o({
					code: n,
					reason: "the server sent what is no message"
				});
			}
			a.type === "closed" ? o({
				...a,
				retryIn: r
			}) : e.message(a);
		}
	};
}
var ne = (e) => (t) => {
	let r = new AbortController(), i = V(t, () => r.abort()), a = {
		Authorization: `Bearer ${t.token}`,
		Accept: "text/event-stream"
	}, o = (e, t) => {
		let n = [];
		for (let r of e.split("\n")) {
			let [, e, a = ""] = /^(data|retry)(?:: ?(.*))?$/.exec(r) ?? [];
			e === "data" && n.push(a), e === "retry" && !t && i.retry(Number(a));
		}
		n.length && i.data(n.join("\n"));
	};
	return (async () => {
		let s = await e(z(t), {
			headers: a,
			cache: "no-store",
			signal: r.signal
		});
		if (!s.ok || !s.body) return i.end(await B(s));
		i.watch.limit(t.heartbeat ?? P);
		let c = s.body.pipeThrough(new TextDecoderStream()).getReader(), l = "";
		for (let e = !0;;) {
			let { done: t, value: r } = await c.read();
			if (t) return i.end({
				code: n,
				reason: "the stream ended"
			});
			i.watch.heard();
			let a = (l + r).split("\n\n");
			l = a.pop();
			for (let t of a) o(t, e), e = !1;
		}
	})().catch(i.fail), {
		close: i.close,
		probe: () => i.watch.limitOnce(N)
	};
}, re = (e, t, r) => (i) => {
	let a, o = new AbortController(), s = /* @__PURE__ */ new Set(), c = V(i, () => {
		o.abort(), a?.close();
	}), l = (e) => {
		if (e.endsWith(":*")) return R(e).forEach(l);
		a && !s.has(e) && (s.add(e), a.addEventListener(e, ({ data: e }) => {
			c.watch.heard(), c.data(e);
		}));
	}, u = { Authorization: `Bearer ${i.token}` }, d = async () => {
		let e = await t(z(i), {
			headers: u,
			cache: "no-store",
			signal: o.signal
		});
		c.end(e.ok ? {
			code: n,
			reason: "the stream did not begin"
		} : await B(e));
	};
	return (async () => {
		let s = await t(`${i.base}/tickets`, {
			method: "POST",
			headers: u,
			signal: o.signal
		});
		if (!s.ok) return c.end(await B(s));
		let { ticket: f } = await s.json();
		c.watch.heard(), a = new e(z(i, f));
		let p = !1;
		a.onerror = () => {
			a.close(), p ? c.end({
				code: n,
				reason: "the stream ended"
			}) : d().catch(c.fail);
		}, a.addEventListener("open", () => {
			p = !0, c.watch.limit(i.heartbeat ?? F);
		});
		for (let e of [
			...I,
			...M,
			...r(),
			...i.events ?? []
		]) l(e);
	})().catch(c.fail), {
		close: c.close,
		listen: l,
		probe() {}
	};
}, ie = (e) => (t) => {
	let r = new e(t.base.replace(/^http/, "ws") + "/ws", ["rowcast.v1"]), i = (e) => r.send(JSON.stringify(e)), a = (e, n) => i({
		type: "join-tenant",
		tenantId: t.tenantId,
		cursor: n,
		events: e,
		where: t.where
	}), o = !1, s = () => {
		l.stop(), r.onopen = r.onmessage = r.onclose = null, r.onerror = () => {}, r.close();
	}, c = (e) => {
		s(), t.end(e);
	}, l = v(y, () => c(x));
	return r.onopen = () => {
		i({
			type: "auth",
			token: t.token
		}), a(t.events, t.cursor);
	}, r.onmessage = ({ data: e }) => {
		l.heard();
		let r;
		try {
			r = JSON.parse(e);
		} catch {
			return c({
				code: n,
				reason: "the server sent what is no message"
			});
		}
		if (r.type === "ping") return i({ type: "pong" });
		r.type === "welcome" && (o = !0, l.limit(t.heartbeat ?? r.pingInterval + r.pingTimeout)), t.message(r);
	}, r.onerror = () => {}, r.onclose = ({ code: e, reason: t }) => c({
		code: e || 1006,
		reason: t || "",
		retryIn: h(t || "")
	}), {
		close: s,
		join: a,
		auth: (e) => i({
			type: "auth",
			token: e
		}),
		probe() {
			o && (i({ type: "ping" }), l.limitOnce(b));
		}
	};
}, H = 5e3;
async function ae(e, t) {
	let n = `${e}/ws`, r = globalThis.location?.origin, i = (e) => t(n, {
		mode: e,
		cache: "no-store",
		signal: AbortSignal.timeout(H)
	}).catch(() => void 0), a = await i("cors");
	return a ? (a.headers.get("Content-Type") ?? "").includes("problem+json") ? `${e} answers, but a WebSocket did not come through: does a proxy in between pass it on?` : `${n} answers ${a.status}, and not as Rowcast: are host, port and path of url right?` : r && await i("no-cors") ? `${e} answers, but not for pages of ${r}: is that origin in FRONTEND_URL, and is it Rowcast?` : r?.startsWith("https:") && e.startsWith("http:") ? `${e} cannot be reached: a page over https may not use http` : `${e} cannot be reached: does the server run, are host and port of url right, is there a network?`;
}
// src/token.ts
function U(e) {
	try {
		let t = atob(e.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"));
		return JSON.parse(new TextDecoder().decode(Uint8Array.from(t, (e) => e.charCodeAt(0))));
	} catch {
		return {};
	}
}
var W = (e) => Array.isArray(e) ? e : e && typeof e == "object" ? Object.entries(e).flatMap(([e, t]) => t === null || t === !1 ? [] : [e]) : [e];
function G(e) {
	let { tenant_id: t, tenantId: n, tenants: r } = U(e), i = [
		t,
		n,
		r
	].flatMap(W);
	return [...new Set(i.filter((e) => typeof e == "string" || Number.isSafeInteger(e)).map(String))].filter(Boolean);
}
// src/feed.ts
var oe = 250, se = 1e3, K = 5e3;
function q(e) {
	let { events: i, where: a, heartbeat: o, getToken: s } = e;
	for (let t of ["getToken", "onReset"]) if (typeof e[t] != "function") throw TypeError(`rowcast: createFeed needs ${t}, a function`);
	let d = e.log ?? S, f = e.tenantId === void 0 ? void 0 : String(e.tenantId), h = m(e.url);
	if (o !== void 0 && !(typeof o == "number" && o >= 1 && o <= g)) throw RangeError(`rowcast: heartbeat is ${String(o)}; give a number of milliseconds from 1 to ${g}, or leave it out`);
	let v = C(d), b = C(d), x = te(e.cursor);
	b.on("reset", e.onReset);
	let w = e.WebSocket === void 0 ? globalThis.WebSocket : e.WebSocket, T = e.fetch ?? globalThis.fetch?.bind(globalThis), E = {};
	if (w && (E.websocket = ie(w)), T && (E.sse = e.EventSource ? re(e.EventSource, T, v.names) : ne(T)), !E.websocket && !E.sse) throw Error("rowcast: there is no WebSocket here; give createFeed one, or fetch");
	let D = 0, O, j, M, N = "", P = !1, F = !1, I, L = ee({
		websocket: !!E.websocket,
		sse: !!E.sse
	}), R = 0, z = J(L, x), B = (e) => {
		let { at: t } = L;
		if (L = A(L, e), L.at === t) return;
		let n = ++R;
		clearTimeout(j), !k(L) && L.at !== "joining" && H(), (L.at === "idle" || L.at === "closed") && ue(!1), L.at !== "joining" && (z = J(L, x), b.call("status", z)), n === R && V();
	}, V = () => {
		switch (L.at) {
			case "waiting": {
				let { fresh: e } = L;
				j = setTimeout(() => B({
					type: "again",
					fresh: e
				}), L.retryIn);
				break;
			}
			case "token":
				L.token ? q(L.token) : W(L.fresh);
				break;
			case "joining":
				Y();
				break;
			case "catching-up": Q();
		}
	}, H = () => {
		D++, clearTimeout(M), X.stop(), O?.close(), O = void 0;
	}, U = (e) => {
		L.at === "joining" && !L.spoke && e.code < 4e3 && !P && T && (P = !0, ae(h, T).then((t) => d("warn", t, e)));
		let t = globalThis.navigator?.onLine !== !1;
		B({
			type: "ended",
			end: e,
			now: _(),
			chance: Math.random(),
			online: t
		});
	}, W = async (e) => {
		let t = D;
		j = setTimeout(() => U({
			code: n,
			reason: "getToken takes too long"
		}), y);
		try {
			let n = await s(e);
			if (t !== D) return;
			n ? q(n) : U({
				code: r("invalid-token"),
				reason: "there is no token"
			});
		} catch (e) {
			if (t !== D) return;
			d("warn", "getToken failed", e), U({
				code: n,
				reason: "getToken failed"
			});
		}
	}, q = (e) => {
		if (N = e, f === void 0) {
			let e = G(N);
			if (e.length !== 1) {
				let t = `the token names ${e.length} tenants; give createFeed a tenantId`;
				return d("error", t), U({
					code: r("bad-request"),
					reason: t
				});
			}
		}
		B({ type: "token" });
	}, Y = () => {
		if (L.at === "joining" || k(L)) try {
			O = E[L.transport]({
				base: h,
				token: N,
				tenantId: f ?? G(N)[0],
				events: X.begin(),
				where: a,
				heartbeat: o,
				log: d,
				cursor: x.cursor,
				message: ce,
				end: U
			});
		} catch (e) {
			d("error", "cannot connect", e), U({
				code: n,
				reason: String(e)
			});
		}
	}, X = p(() => i ?? u(v.names()), () => !!O?.join, () => {
		if (O.join) return O.join(X.begin(), x.cursor);
		O.close(), Y();
	}), Z = async () => {
		let e = D, t = await Promise.resolve(!0).then(s).catch((e) => d("warn", "getToken failed", e));
		e === D && (!t || t === N ? M = setTimeout(() => void Z(), K) : O?.auth ? O.auth(N = t) : B({
			type: "again",
			fresh: !0,
			token: t
		}));
	}, Q = () => {
		F = !1, j = setTimeout(() => F || X.pending ? Q() : B({ type: "caught-up" }), oe);
	}, ce = (e) => {
		if (B({ type: "spoke" }), e.type === "joined") f = e.tenantId;
		else if (e.type !== "error" && "tenantId" in e && e.tenantId !== f) return;
		if (!X.pending || e.type !== "event" && e.type !== "reset") switch (e.type) {
			case "joined": {
				P = !1, X.answered(), e.hint && e.hint !== I && d("warn", e.hint, e), I = e.hint;
				let t = !!x.cursor;
				t || x.moveTo(e.cursor, e.position), B({
					type: "joined",
					resumed: t,
					now: _()
				}), X.look();
				break;
			}
			case "event":
				if (!x.admit(e)) return d("debug", "an event came twice", e);
				F = !0, (L.at === "stale" || Date.now() - Date.parse(e.at) < se) && B({ type: "caught-up" });
				let [n, r, i] = [
					e.event,
					t(e.event),
					"*"
				].map(v.of);
				n(e.data, e), r(e.data, e), i(e);
				break;
			case "progress":
				X.pending || x.advance(e.cursor, e.position), B({ type: "caught-up" });
				break;
			case "reset":
				x.moveTo(e.cursor, e.position), B({ type: "caught-up" }), b.call("reset", {
					reason: e.reason,
					cursor: e.cursor,
					position: e.position
				});
				break;
			case "token-expiring":
				Z();
				break;
			case "error": le(e);
		}
	}, le = (e) => {
		if (e.code === "stale") return B({ type: "stale" });
		if (d("warn", `the server refused ${e.request ?? "something"}: ${e.message}`, e), e.request === "join-tenant" || e.request === "auth" && e.tenantId) return U({
			code: r(e.code),
			reason: e.message
		});
		e.request === "auth" && k(L) && (e.code === "forbidden" ? B({
			type: "again",
			fresh: !1
		}) : e.code === "unavailable" && (N = "", M = setTimeout(() => void Z(), K)));
	}, $ = ({ type: e }) => {
		(e !== "visibilitychange" || document.visibilityState === "visible") && (O?.probe(), e !== "offline" && B({ type: e === "online" ? "online" : "seen" }));
	}, ue = (e) => {
		let t = e ? "addEventListener" : "removeEventListener";
		globalThis.window?.[t]?.("online", $), globalThis.window?.[t]?.("offline", $), globalThis.document?.[t]?.("visibilitychange", $);
	};
	return {
		get tenantId() {
			return f;
		},
		get status() {
			return z;
		},
		get connected() {
			return k(L);
		},
		connect() {
			if (L.at === "idle" || L.at === "closed") {
				if (h ??= m(e.url), !h) throw Error(`rowcast: there is no page that ${e.url} could belong to; give url the address of the server`);
				P = !1, ue(!0), B({ type: "connect" });
			}
		},
		close() {
			B({ type: "close" });
		},
		onStatus: (e) => b.on("status", e),
		onReset: (e) => b.on("reset", e),
		on(e, t) {
			c(e) ? i?.every((t) => !l(t, e)) && d("warn", `${e} never comes: the feed was made for the events ${i.join(", ")}`) : d("warn", `no event is called ${e}: say order:created, order:* or *`), O?.listen?.(e);
			let n = v.on(e, t);
			return X.look(), () => {
				n(), X.look();
			};
		},
		off(e, t) {
			v.off(e, t), X.look();
		}
	};
}
function J(e, t) {
	let { code: n, reason: r, retryIn: i, transport: a } = e;
	return {
		...n === void 0 ? {} : {
			code: n,
			reason: r
		},
		...i === void 0 ? {} : { retryIn: i },
		state: O(e),
		transport: a,
		get cursor() {
			return t.cursor;
		},
		get position() {
			return t.position;
		}
	};
}
export { C as a, S as i, G as n, t as o, M as r, q as t };

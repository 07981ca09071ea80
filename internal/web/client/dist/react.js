"use client";
import { i as e, t } from "./parts/feed-BqoUVPpa.js";
import { createContext as n, useCallback as r, useContext as i, useEffect as a, useInsertionEffect as o, useRef as s, useState as c, useSyncExternalStore as l } from "react";
import { jsx as u } from "react/jsx-runtime";
// src/where.ts
var d = (e) => JSON.stringify(e, (e, t) => t && typeof t == "object" && !Array.isArray(t) ? Object.fromEntries(Object.entries(t).sort(([e], [t]) => e < t ? -1 : 1)) : t), f = {
	state: "idle",
	cursor: void 0,
	position: void 0
}, p = ({ state: e }) => e === "idle" || e === "closed";
function m(e, t, n) {
	let r = /* @__PURE__ */ new Map(), i = d(t), a = p(e.status);
	return e.onStatus((e) => {
		let t = a;
		a = p(e);
		for (let { feed: n } of r.values()) e.state === "idle" ? n.close() : t && n.connect();
	}), {
		take(t) {
			if (t === void 0 || t === i) return [e, () => {}];
			let o = r.get(t) ?? {
				feed: n(JSON.parse(t), e.status.cursor),
				users: 0
			};
			return o.users++ || (r.set(t, o), a || o.feed.connect()), [o.feed, () => {
				o.users--, queueMicrotask(() => {
					o.users || r.get(t) !== o || (r.delete(t), o.feed.close());
				});
			}];
		},
		status: (t) => t === void 0 || t === i ? e.status : r.get(t)?.feed.status ?? f
	};
}
// src/react.tsx
var h = n(null);
function g(e) {
	let t = s(e);
	return o(() => {
		t.current = e;
	}), t;
}
function _({ children: n, ...r }) {
	let i = g(r), o = JSON.stringify([
		String(r.url),
		r.tenantId,
		r.events,
		d(r.where)
	]), s = () => {
		for (let e of ["getToken", "onReset"]) if (typeof r[e] != "function") throw TypeError(`rowcast: SocketProvider needs ${e}, a function`);
		let n = (n) => t({
			...r,
			getToken: (e) => i.current.getToken(e),
			onReset: (e) => i.current.onReset(e),
			log: (...t) => (i.current.log ?? e)(...t),
			...n
		}), a = n({}), s = (e, t) => {
			(e !== "join-tenant" || t !== a.tenantId) && i.current.log?.("warn", `${e} ${t}: the feed follows the tenant of its SocketProvider`);
		}, c = m(a, r.where, (e, t) => n({
			where: e,
			cursor: t,
			events: void 0
		}));
		return {
			key: o,
			page: {
				feed: Object.defineProperty(a, "emit", { value: s }),
				views: c
			}
		};
	}, [l, f] = c(s);
	l.key !== o && f(s());
	let { page: p } = l, { feed: _ } = p;
	return a(() => {
		let e = !0;
		return queueMicrotask(() => e && _.connect()), () => {
			e = !1, _.close();
		};
	}, [_]), /* @__PURE__ */ u(h.Provider, {
		value: p,
		children: n
	});
}
function v() {
	let e = i(h);
	if (!e) throw Error("rowcast: useSocket and the other hooks need a SocketProvider around");
	return e;
}
var y = () => v().feed;
function b(e, t, n) {
	let { views: r } = v(), i = d(n?.where), o = g(t);
	a(() => {
		let [t, n] = r.take(i), a = t.on(e, (...e) => o.current(...e));
		return () => {
			a(), n();
		};
	}, [
		r,
		i,
		e,
		o
	]);
}
function x(e) {
	let { views: t } = v(), n = d(e?.where), i = r((e) => {
		let [r, i] = t.take(n), a = r.onStatus(e);
		return () => {
			a(), i();
		};
	}, [t, n]), a = () => t.status(n);
	return l(i, a, a);
}
function S(e, t) {
	let { views: n } = v(), r = d(t?.where), i = g(e);
	a(() => {
		let [e, t] = n.take(r), a = e.status.cursor !== void 0, o = e.onStatus(({ cursor: e, position: t }) => {
			a || e === void 0 || (a = !0, i.current({
				reason: "joined",
				cursor: e,
				position: t ?? 0
			}));
		}), s = e.onReset((e) => i.current(e));
		return () => {
			o(), s(), t();
		};
	}, [
		n,
		r,
		i
	]);
}
export { _ as SocketProvider, b as useFeedEvent, S as useFeedResync, x as useFeedStatus, y as useSocket };

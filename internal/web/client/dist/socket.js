import { a as e, i as t, n, o as r, t as i } from "./parts/feed-BqoUVPpa.js";
// src/socket.ts
function a(a = {}) {
	let o = a.log ?? t, s = e(o), c = /* @__PURE__ */ new Map(), l, u = !1, d = () => c.size > 0 && [...c.values()].every((e) => e.connected), f = (e) => {
		if (u !== d() && (u = !u, u ? s.call("connect") : s.call("disconnect", e.reason ?? "io client disconnect")), e.state === "closed") {
			let t = Object.assign(Error(e.reason ?? "closed"), { code: e.code });
			s.call("connect_error", t);
		}
	}, p = (e) => {
		if (c.has(e)) return;
		let t = i({
			url: "/",
			getToken: (e) => e ? null : l,
			...a,
			tenantId: e,
			onReset(t) {
				a.onReset?.(t), s.call("reset", t, e);
			}
		});
		t.on("*", (e) => {
			s.call(e.event, e.data, e), s.call(r(e.event), e.data, e);
		}), t.onStatus(f), c.set(e, t), t.connect();
	}, m = (e) => {
		let t = c.get(e);
		c.delete(e), t?.close();
	}, h = {
		get connected() {
			return d();
		},
		connect(e) {
			e !== l && h.disconnect(), l = e, n(e).forEach(p);
			for (let e of c.values()) e.connect();
			return h;
		},
		disconnect() {
			l = void 0, [...c.keys()].forEach(m);
		},
		on(e, t) {
			return s.on(e, t), h;
		},
		off(e, t) {
			return s.off(e, t), h;
		},
		emit(e, t) {
			return e === "leave-tenant" ? m(t) : e === "join-tenant" ? l === void 0 ? o("warn", "join-tenant before connect") : p(t) : o("warn", `${String(e)} is nothing that the server takes; changes come from the database`), h;
		}
	};
	return h;
}
var o = a();
export { a as createSocketService, o as socketService };

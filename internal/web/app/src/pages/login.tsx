import { useEffect, useState, type FormEvent } from "react";
import { api } from "../api.ts";
import { words } from "../format.ts";
import { begin, farewell, type Tenant, type User } from "../session.ts";
import { useStore } from "../store.ts";
import { Button } from "../ui/button.tsx";
import { Field, Select } from "../ui/field.tsx";
import { Icon } from "../ui/icon.tsx";
import { Bone, Failed, Refused } from "../ui/states.tsx";

type Choice = Tenant & { users: User[] };

/** The door of the demo: pick who you are. The token that comes back decides the tenant. */
export function Login() {
  const goodbye = useStore(farewell);
  const [tenants, setTenants] = useState<Choice[]>();
  const [error, setError] = useState<Error | null>(null);
  const load = () => {
    setError(null);
    api.tenants().then(setTenants, setError);
  };
  useEffect(() => {
    document.title = "Log in · Rowcast";
    load();
  }, []);
  return (
    <main className="login">
      <div className="card">
        <div className="brand" aria-hidden="true">
          <Icon name="logo" size={24} />
          <span>Rowcast</span>
        </div>
        <h1>Log in</h1>
        <p className="lead">
          An inventory that shows every change as it commits. Pick a business and who you are in it.
        </p>
        {goodbye && (
          <div className="alert" role="status">
            <Icon name="alert" />
            <span>{goodbye}</span>
          </div>
        )}
        {error && !tenants ? <Failed error={error} retry={load} /> : <Form tenants={tenants} />}
      </div>
    </main>
  );
}

function Form({ tenants }: { tenants: Choice[] | undefined }) {
  const [tenantId, setTenant] = useState("");
  const [userId, setUser] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  if (!tenants) {
    return (
      <div className="stack" aria-busy="true" aria-label="Loading">
        {["70%", "100%", "70%", "100%"].map((width, i) => (
          <Bone key={i} width={width} />
        ))}
      </div>
    );
  }
  if (tenants.length === 0) return <p className="lead">There is no business here yet.</p>;
  const tenant = tenants.find((t) => t.id === tenantId) ?? tenants[0];
  const users = tenant?.users ?? [];
  const user = users.find((u) => u.id === userId) ?? users[0];
  const enter = (event: FormEvent) => {
    event.preventDefault();
    if (!tenant || !user) return;
    setBusy(true);
    setError(null);
    api.login(tenant.id, user.id).then(begin, (err: Error) => {
      setBusy(false);
      setError(err);
    });
  };
  return (
    <form onSubmit={enter}>
      <Field label="Business">
        <Select value={tenant?.id} onChange={(event) => setTenant(event.target.value)} data-testid="tenant">
          {tenants.map((t) => (
            <option key={t.id} value={t.id}>
              {t.name}
            </option>
          ))}
        </Select>
      </Field>
      <Field label="Person" hint={users.length === 0 ? "Nobody works here yet." : undefined}>
        <Select value={user?.id ?? ""} onChange={(event) => setUser(event.target.value)} data-testid="user">
          {users.map((u) => (
            <option key={u.id} value={u.id}>
              {u.name}, {words(u.role).toLowerCase()}
            </option>
          ))}
        </Select>
      </Field>
      <Refused error={error} />
      <Button type="submit" look="primary" disabled={busy || !user} data-testid="login">
        {busy ? "Logging in…" : "Log in"}
      </Button>
    </form>
  );
}

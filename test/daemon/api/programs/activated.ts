/** A program for a test: the API on the socket it was handed as descriptor 3, as systemd does it. */

import { accessInUserMode } from '../../../../daemon/api/access.ts';
import { createApi } from '../../../../daemon/api/server.ts';
import { createFakeCare } from '../fake-care.ts';
import { createFake, ME, T0 } from '../fake-engine.ts';

const fake = createFake();
const api = await createApi({
  care: createFakeCare(),
  engine: fake.engine,
  store: fake.store,
  identity: { version: '1.2.3', host: 'login1', pid: process.pid, uid: ME.uid, startedAtMs: T0 },
  access: accessInUserMode(ME),
  reload: async () => ({ ok: true, value: { inForce: [], afterRestart: [] } }),
  logError: (error) => process.stderr.write(`${error}\n`),
});
await api.listen({ kind: 'descriptor', fd: 3 });
process.once('SIGTERM', () => {
  api.unbind();
  void api.close().then(() => process.exit(0));
});

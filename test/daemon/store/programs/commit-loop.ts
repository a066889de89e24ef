/**
 * Commits one run after the other, each with 20 calls and an event, and prints the id of each as soon as it
 * is told that it is on disk. Made to be killed.
 *
 * Arguments: directory, migrations folder, worker, host, journal.
 */
import { openStore } from '../../../../daemon/store/open-store.ts';
import { newRun, sampleCall, sampleRun } from '../samples.ts';

const [directory = '', migrationsFolder = '', workerPath = '', host = '', journal = ''] =
  process.argv.slice(2);

void commitForEver();

async function commitForEver(): Promise<void> {
  const opened = await openStore({
    directory,
    migrationsFolder,
    workerPath,
    host,
    journal: journal === 'network' ? 'network' : 'local',
    onLost: () => process.exit(3),
  });
  if (!opened.ok) {
    process.stderr.write(opened.error.message);
    process.exit(2);
  }
  process.stdout.write('open\n');
  const { nextRunId } = await opened.store.load();
  for (let id = nextRunId; ; id += 1) {
    const calls = Array.from({ length: 20 }, (_, index) =>
      sampleCall(id, `align[${index}]`, { index, position: index }),
    );
    const event = { runId: id, atMs: id, type: 'run.submitted', text: `Run ${id} was submitted.` };
    const result = await opened.store.commit(newRun(sampleRun(id), { calls, events: [event] }));
    if (result.kind === 'committed') process.stdout.write(`${id}\n`);
  }
}

/** bhist -l of the stand-in for LSF (README.md): this is not LSF. */
import { readCluster, run, Stop } from './cluster.mjs';
import { isRemembered, jobsWithId, readJobs } from './jobs.mjs';
import { longHistory } from './long-format.mjs';

await run((words) => {
  const ids = words.filter((word, at) => /^\d/.test(word) && words[at - 1] !== '-n');
  // bhist reads the event files itself, whether the daemons are up or not.
  const cluster = readCluster();
  if (!words.includes('-l')) throw new Stop('the stand-in knows only bhist -l');
  const isAll = words[words.indexOf('-n') + 1] === '0' && words.includes('-n');
  // What bjobs has forgotten counts as being in an older event file.
  const jobs = readJobs(cluster).filter((job) => isAll || isRemembered(cluster, job));
  const chosen = jobs.filter((job) => ids.some((id) => jobsWithId([job], id).length > 0));
  process.stdout.write(chosen.length === 0 ? 'No matching job found\n' : longHistory(cluster, chosen));
  return chosen.length === 0 ? 255 : 0;
});

/** lsid of the stand-in for LSF (README.md): this is not LSF, and it says so. */
import { openCluster, run } from './cluster.mjs';

await run(async () => {
  const { settings } = await openCluster();
  const version = `stand-in for LSF, dialect ${settings.STAND_IN_DIALECT}`;
  process.stdout.write(
    `${version}\n\nMy cluster name is stand-in\nMy master name is ${settings.STAND_IN_HOST}\n`,
  );
  return 0;
});

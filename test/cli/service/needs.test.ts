import { expect, test } from 'vitest';
import { environmentText, needsOf } from '../../../cli/service/needs.ts';

const programs =
  (...paths: string[]) =>
  (path: string) =>
    paths.includes(path);
const USUAL = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

test('where a service finds everything, nothing is needed', () => {
  const env = { PATH: `/home/ada/bin:${USUAL}`, SGE_ROOT: '/opt/sge', HOME: '/home/ada' };
  expect(needsOf(env, programs('/usr/bin/sbatch'))).toEqual({ environment: [], setuid: undefined });
});

test('commands in a place of their own, and the variables of those schedulers that are there', () => {
  const env = {
    PATH: `/home/ada/bin:/opt/sge/bin/lx-amd64:${USUAL}:/opt/slurm/bin`,
    SGE_ROOT: '/opt/sge',
    SGE_CELL: '',
    LSF_ENVDIR: '/opt/lsf/conf',
    SLURM_CONF: '/etc/slurm/slurm.conf',
  };
  const there = programs('/opt/sge/bin/lx-amd64/qconf', '/opt/slurm/bin/sbatch');
  expect(needsOf(env, there).environment).toEqual([
    `PATH=${USUAL}:/opt/slurm/bin:/opt/sge/bin/lx-amd64`,
    'SLURM_CONF=/etc/slurm/slurm.conf',
    'SGE_ROOT=/opt/sge',
  ]);
});

test('schedulers whose commands are setuid root are known', () => {
  expect(needsOf({ PATH: '/opt/lsf/bin' }, programs('/opt/lsf/bin/bsub')).setuid).toBe('LSF (eauth)');
  expect(needsOf({ PATH: '/opt/pbs/bin' }, programs('/opt/pbs/bin/pbsnodes')).setuid).toBe('PBS (pbs_iff)');
  expect(needsOf({ PATH: '/usr/bin' }, programs('/usr/bin/sbatch')).setuid).toBeUndefined();
});

test('a directory that depends on where we are is not taken over', () => {
  expect(needsOf({ PATH: 'bin:.' }, () => true).environment).toEqual([]);
});

test('values mean what they say', () => {
  const { environment } = needsOf(
    { PATH: '/usr/bin', SLURM_CONF: '/a b/$x"`\\' },
    programs('/usr/bin/sbatch'),
  );
  expect(environment).toEqual(['SLURM_CONF="/a b/\\$x\\"\\`\\\\"']);
  expect(environmentText('/etc/wfd/environment', environment)).toMatch(/^# .*\n# .*\nSLURM_CONF=.*\n$/);
});

import { expect, test } from 'vitest';
import { inOwnUnit, isServiceOfUser } from '../../../backends/local/own-unit.ts';

const USER = '/user.slice/user-2001.slice/user@2001.service/app.slice/wfd.service';

test.each([
  ['a service of its user', `0::${USER}\n`, true],
  ['beside groups of the first version', `9:name=systemd:/\n8:pids:/\n0::${USER}\n`, true],
  ['in groups of the first version alone', `3:memory:/\n1:name=systemd:${USER}\n0::/\n`, true],
  ["another hierarchy's word", `3:memory:${USER}\n`, false],
  ['a service of the system', '0::/system.slice/wfd.service\n', false],
  ["another user's", '0::/user.slice/user-7.slice/user@7.service/app.slice/wfd.service\n', false],
  ['a login', '0::/user.slice/user-2001.slice/session-3.scope\n', false],
  [
    'a terminal of a desktop',
    '0::/user.slice/user-2001.slice/user@2001.service/app.slice/vte-1.scope\n',
    false,
  ],
  ['the manager itself', '0::/user.slice/user-2001.slice/user@2001.service\n', false],
  ['no systemd', '0::/\n', false],
])('%s', (_, groups, isOne) => {
  expect(isServiceOfUser(groups, 2001)).toBe(isOne);
});

test('what is run is the same, whatever systemd would make of it', () => {
  const words = inOwnUnit(['/bin/sh', '-c', 'echo "$1 $HOME" 100%', 'sh', '$$'], { A: 'b $c' });
  expect(words.slice(words.indexOf('--') + 1)).toEqual([
    '/usr/bin/env',
    '-i',
    'A=b $$c',
    '/bin/sh',
    '-c',
    'echo "$$1 $$HOME" 100%',
    'sh',
    '$$$$',
  ]);
});

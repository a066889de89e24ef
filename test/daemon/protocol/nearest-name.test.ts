import { expect, test } from 'vitest';
import { nearestName } from '../../../daemon/protocol/nearest-name.ts';

test.each([
  ['backned', ['backend', 'labels', 'name'], 'backend'],
  ['Hold', ['hold', 'name'], 'hold'],
  ['failuremode', ['failureMode', 'name'], 'failureMode'],
  ['xyzzy', ['backend', 'labels', 'name'], undefined],
  ['a', [], undefined],
])('%s among %j means %s', (given, names, expected) => {
  expect(nearestName(given, names)).toBe(expected);
});

import { fstatSync } from 'node:fs';
import { expect, test } from 'vitest';
import { complain, createLog, isJournal } from '../../daemon/log.ts';

function collect(): { readonly lines: string[]; write(line: string): void } {
  const lines: string[] = [];
  return { lines, write: (line) => void lines.push(line) };
}

test('a line is one JSON object that names its run', () => {
  const target = collect();
  createLog('info', false, target).child({ runId: 17 }).info({ call: 'align[3]' }, 'submitted');
  expect(JSON.parse(target.lines[0] ?? '')).toMatchObject({
    level: 30,
    runId: 17,
    call: 'align[3]',
    msg: 'submitted',
  });
});

test('under the journal a line begins with its priority', () => {
  const target = collect();
  const log = createLog('debug', true, target);
  log.error('e');
  log.warn('w');
  log.info('i');
  log.debug('d');
  expect(target.lines.map((line) => line.slice(0, 4))).toEqual(['<3>{', '<4>{', '<6>{', '<7>{']);
});

test('a complaint is plain text, and an error in the journal line by line', () => {
  const [plain, journal] = [collect(), collect()];
  complain('no such file\n    x: 1\n    ^', false, plain);
  complain('no such file\n    x: 1\n    ^', true, journal);
  expect(plain.lines).toEqual(['wfd: no such file\n    x: 1\n    ^\n']);
  expect(journal.lines).toEqual(['<3>wfd: no such file\n<3>    x: 1\n<3>    ^\n']);
});

test('the journal is recognised by the stream it reads', () => {
  const { dev, ino } = fstatSync(2);
  expect(isJournal(`${dev}:${ino}`, { dev, ino })).toBe(true);
  expect(isJournal(`${dev}:${ino + 1}`, { dev, ino })).toBe(false);
  expect(isJournal(undefined, { dev, ino })).toBe(false);
});

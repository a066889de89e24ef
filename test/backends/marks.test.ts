/** What the wrapper writes is tested in job-script.test.ts; here: anything at all may stand in a mark. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  encodeMarkWord,
  parseClaim,
  parseDuplicateName,
  parseExitMark,
  parseSpoolName,
} from '../../backends/marks.ts';

const nativeId = fc.oneof(
  fc.stringMatching(/^[1-9]\d{0,7}$/),
  fc.stringMatching(/^[1-9]\d{0,5}(_|\.)\d{1,4}$/),
  fc.stringMatching(/^\d{1,6}\[\d{1,4}\]$/),
);
const count = fc.nat(999);
const tag = fc.stringMatching(/^[a-z][a-z0-9_-]{0,23}\.\d{1,6}\.[a-z2-7]{10}$/);
const code = fc.nat(255);

test('a claim names its job and run count', () => {
  fc.assert(
    fc.property(nativeId, count, (native, runs) => {
      expect(parseClaim(`${native}.${runs}`, 5)).toEqual({ nativeId: native, runCount: runs, atMs: 5 });
    }),
  );
});

test.each(['', '4711', '.0', '4711.', '4711.x', '4711.-1'])('%j is no claim', (target) => {
  expect(parseClaim(target, 0)).toBeUndefined();
});

test('an exit mark tells the code, the judgement, and names with any characters', () => {
  fc.assert(
    fc.property(
      nativeId,
      count,
      code,
      fc.boolean(),
      fc.array(fc.string({ unit: 'grapheme' })),
      (native, runs, exitCode, succeeded, missing) => {
        const lines = [
          `native=${native}`,
          `count=${runs}`,
          `code=${exitCode}`,
          `succeeded=${succeeded ? 1 : 0}`,
          ...missing.map((name) => `missing=${encodeMarkWord(name)}`),
          'end',
          '',
        ];
        expect(parseExitMark(lines.join('\n'), 5)).toEqual({
          nativeId: native,
          runCount: runs,
          exitCode,
          succeeded,
          missing,
          atMs: 5,
        });
      },
    ),
  );
});

test('a part of an exit mark is not there yet', () => {
  const text = 'native=4711\ncount=0\ncode=137\nsucceeded=0\nmissing=bam\nend\n';
  for (let length = 0; length < text.length; length++)
    expect(parseExitMark(text.slice(0, length), 0)).toBeUndefined();
});

test('an exit mark without its code is none', () => {
  expect(parseExitMark('native=4711\ncount=0\nend\n', 0)).toBeUndefined();
});

test('any text at all is read without an exception', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(parseSpoolName(text)).toBeUndefined();
      expect(
        parseExitMark(`code=1\ncount=0\nnative=1\nlaunch=${text.replaceAll('\n', '')}\nend\n`, 0)?.exitCode,
      ).toBe(1);
    }),
  );
});

test('a word of a mark has only characters that a shell leaves alone', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.oneof(fc.constantFrom('\ud800', '*', '~', "'", '$'), fc.constantFrom('a', 'é', ' ')),
      }),
      (text) => {
        expect(encodeMarkWord(text)).toMatch(/^[A-Za-z0-9_.%-]*$/);
      },
    ),
  );
});

test('a spool name says everything', () => {
  fc.assert(
    fc.property(
      tag,
      fc.nat(9999),
      nativeId,
      count,
      code,
      fc.boolean(),
      (name, index, native, runs, exitCode, succeeded) => {
        const base = { tag: name, index, nativeId: native, runCount: runs };
        const start = `S,${name},${index},${native},${runs}`;
        const end = `E,${name},${index},${native},${runs},${exitCode},${succeeded ? 's' : 'f'}`;
        expect(parseSpoolName(start)).toEqual({ ...base, fileName: start, kind: 'started' });
        expect(parseSpoolName(end)).toEqual({ ...base, fileName: end, kind: 'ended', exitCode, succeeded });
      },
    ),
  );
});

test.each([
  '.nfs0001',
  'S,t,0,1',
  'S,t,0,1,0,0,s',
  'E,t,0,1,0,0',
  'E,t,0,1,0,0,x',
  'E,t,0,1,0,0,s,',
  'X,t,0,1,0',
  'S,,0,1,0',
])('%j in a spool is not ours', (fileName) => expect(parseSpoolName(fileName)).toBeUndefined());

test('a duplicate mark names the job that left it', () => {
  expect(parseDuplicateName('duplicate.4711.3')).toBe('4711.3');
  expect(parseDuplicateName('stdout')).toBeUndefined();
});

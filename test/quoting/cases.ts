/**
 * What people put into values, commands and paths, and what a shell or a scheduler might make of it. Each case goes
 * through every backend unharmed, or is refused: see describe-quoting.ts, and refused.test.ts for the others.
 */

/** The longest value of a variable: `NAME=value` and its NUL take 32 pages (execve(2), MAX_ARG_STRLEN). */
export const LONGEST_BYTES = 32 * 4096 - 'V00='.length - 1;

/** Texts that a process can be given, by what is odd about them. */
export const TEXTS: Readonly<Record<string, string>> = {
  'nothing at all': '',
  'a space': ' ',
  'spaces around and inside': '  a  b  ',
  tabs: '\ta\t\tb\t',
  'a newline': '\n',
  'newlines at both ends': '\n\na\n\n\nb\n\n',
  'carriage returns': 'a\rb\r\nc\r',
  'single quotes': "it's '' '",
  'double quotes': '"a" ""',
  'quotes of all kinds': `'"'"'\`"\\'"`,
  'a backslash at the end': 'a\\',
  backslashes: '\\ \\\\ \\n \\0 \\x41 \\\n',
  'dollar signs': '$ $HOME ${HOME} $$ $? $1 $* $@ $((1+1))',
  'a command in dollars': '$(id; touch /tmp/wf-quoting-was-here)',
  'a command in backquotes': '`id`',
  'a quote that would end ours': "'; exit 9; '",
  'a brace that would end ours': "'\n}\nexit 9\n{",
  'exclamation marks': '!! !a a!b',
  patterns: '* ? [a-z]* {a,b} ~ ~root /e?c/*',
  'shell syntax': '; & && | || < > >> ( ) { } # not a comment',
  'a leading dash': '-n',
  'two leading dashes': '--help',
  'only dashes': '--',
  'a leading plus and at': '+x @/etc/passwd',
  'per cent signs': '%s %d %% %j %A %a %x 100%',
  commas: ',a,b,,c=d,',
  colons: ':a:b::c:/d',
  brackets: '[1-3] a[0] []',
  'equals signs': '=a=b==',
  'a directive of SLURM': '\n#SBATCH --array=0-9\n#SBATCH --hold\n',
  'a directive of Grid Engine': '\n#$ -h\n#$ -N other\n',
  'a directive of LSF': '\n#BSUB -H\n#BSUB -J "other[1-3]"\n',
  'a directive of PBS': '\n#PBS -h\n',
  'another interpreter': '#!/bin/false\n',
  'the end of a here-document': '\nEOF\nEND\n.\n',
  'variables of schedulers': '$SLURM_JOB_ID $JOB_ID $TASK_ID $LSB_JOBID %J %I',
  'control characters': '\u0001\u0002\u0007\b\u000b\f\u000e\u001a\u001b[31m\u001f\u007f',
  'C1 control characters': '\u0080\u0085\u009b31m\u009f',
  // Bytes 0x81 to 0x88 are marks of dash's own inside a word (its CTLESC and others).
  'every second byte of UTF-8': Array.from({ length: 64 }, (_, low) => String.fromCharCode(0xc0 + low)).join(
    '',
  ),
  accents: 'Grüße, façade, smørrebrød, žluťoučký',
  'the same letter composed and decomposed': '\u00e9 e\u0301',
  'combining marks without a letter': '\u0301\u0327',
  'right to left': '\u05e9\u05dc\u05d5\u05dd \u202eabc\u202c \u0645\u0631\u062d\u0628\u0627',
  emoji: '🧬 👩‍🔬 🏳️‍🌈 🇪🇺',
  'invisible characters': '\ufeffa\u200bb\u2060c\u00a0d\u2028e\u2029',
  'the replacement character and the last ones': '\ufffd\uffff\u{10ffff}',
  'east asian': '日本語　テスト',
};

/** Too long for a name. */
export const LONG_TEXTS: Readonly<Record<string, string>> = {
  'a hundred thousand characters': `${'abcdefghi '.repeat(10_000)}'`,
  'ten thousand lines': "it's a line\n".repeat(10_000),
  'the longest there is': 'x'.repeat(LONGEST_BYTES),
  'the longest there is, in characters of four bytes': '🧬'.repeat(Math.floor(LONGEST_BYTES / 4)),
};

/** What no process can be given, and what the refusal says. */
export const REFUSED_TEXTS: Readonly<Record<string, readonly [text: string, says: RegExp]>> = {
  'a NUL': ['a\0b', /NUL/],
  'half a character, the first': ['a\ud83e', /half a character/],
  'half a character, the second': ['\udd2cb', /half a character/],
  'halves in the wrong order': ['\udd2c\ud83e', /half a character/],
  'one byte too many': ['x'.repeat(LONGEST_BYTES + 1), /13107\d bytes/],
  'one byte too many, in characters of two': ['é'.repeat(LONGEST_BYTES / 2 + 1), /bytes/],
};

/** A file system takes every name of at most 255 bytes without a slash or a NUL. */
export const NAMES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.entries(TEXTS)
      .map(([what, text]) => [what, text.replaceAll('/', '|')] as const)
      .filter(([, name]) => name !== '' && Buffer.byteLength(name) <= 255),
  ),
  'the longest name': 'n'.repeat(255),
  dots: '...',
};

/** A path of several hundred bytes, as in deep trees; and one a little shorter than the longest there is. */
export const DEEP_PATHS: Readonly<Record<string, string>> = {
  deep: Array.from({ length: 8 }, (_, depth) => `level ${depth} ${'x'.repeat(90)}`).join('/'),
  'very deep': Array.from({ length: 28 }, (_, depth) => `level ${depth} ${'x'.repeat(110)}`).join('/'),
};

/** Reads command lines as the commands of both dialects do: the relatives like getopt, one letter and then its value. */
import { Stop } from './cluster.mjs';

const SPECTRUM = {
  flags: ['x', 'H', 'r', 'rn', 'N', 'B'],
  valued: 'J Jd o oo e eo cwd env n M W q P G R U m b t w E Ep L i is u sp app sla gpu a ext'.split(' '),
};
const RELATIVE = {
  flags: ['x', 'H', 'r', 'N', 'B'],
  valued: 'J Jd o e n M W q P R m b t w E Ep L i is u sp a c F D S f k'.split(' '),
};

export function readOptions(words, isRelative) {
  const options = {};
  const rest = [...words];
  while (rest[0]?.startsWith('-') && rest[0] !== '--' && rest[0] !== '-') {
    const [name, value] = isRelative ? nextOfRelative(rest) : nextOfSpectrum(rest);
    if (isRelative && name === 'R' && options.R !== undefined)
      throw new Stop('Invalid syntax; the -R option was used more than once.\n. Job not submitted.');
    options[name] = name === 'R' && options.R !== undefined ? `${options.R} ${value}` : value;
  }
  if (rest[0] === '--') rest.shift();
  return { options, command: rest };
}

function nextOfSpectrum(rest) {
  const name = rest.shift().slice(1);
  if (SPECTRUM.flags.includes(name)) return [name, true];
  if (!SPECTRUM.valued.includes(name) || rest.length === 0)
    throw new Stop(usage(`illegal option -- ${name}`));
  return [name, rest.shift()];
}

/** `-cwd dir` is a CPU limit of `wd`, `-oo f` an output file `o` and then a command, `-env none` an error file `nv`. */
function nextOfRelative(rest) {
  const word = rest.shift().slice(1);
  if (RELATIVE.flags.includes(word)) return [word, true];
  if (RELATIVE.valued.includes(word)) {
    if (rest.length === 0) throw new Stop(usage(`option requires an argument -- ${word}`));
    return [word, rest.shift()];
  }
  const letter = word[0];
  if (RELATIVE.flags.includes(letter)) throw new Stop(usage(`option cannot have an argument -- ${letter}`));
  if (!RELATIVE.valued.includes(letter)) throw new Stop(usage(`illegal option -- ${word}`));
  if (letter === 'c') throw new Stop(`${word.slice(1)}: Bad CPULIMIT specification. Job not submitted.`);
  return [letter, word.slice(1)];
}

function usage(fault) {
  return `bsub: ${fault}\nUsage: bsub [-h] [-V] [-x] [-H] [-r] [-N] [-B] [-I | -K | -Ip | -Is]\n\t\tcommand [argument ...]`;
}

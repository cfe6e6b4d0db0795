/**
 * Words whose meaning templates go by, whatever system wrote the line. They are of the language of logs in general;
 * nothing here is of one system.
 */

/** Units that are part of the number before them: `5 ms` and `3 s` are the same place of a template. */
const UNITS = new Set(
  (
    'ns us usec usecs ms msec msecs millis milliseconds millisecond s sec secs second seconds min mins minute ' +
    'minutes ' +
    'h hr hrs hour hours day days B KB MB GB TB PB KiB MiB GiB TiB K M G kB b bit bits AM PM am pm UTC GMT EST EDT ' +
    'CST ' +
    'CDT MST MDT PST PDT CET CEST Hz kHz MHz GHz %'
  ).split(' '),
);

/** Values that say yes or no: what they answer stays, the answer varies. */
const ANSWERS = new Set('true false null nil none yes no undefined nan'.split(' '));

const WEEKDAYS_AND_MONTHS = new Set(
  'Mon Tue Wed Thu Fri Sat Sun Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' '),
);

/** After these a name follows: `for user alice`. */
const BEFORE_NAMES = new Set('user username account host hostname'.split(' '));

/** What happened, or how something is: lines that differ there tell different things, however many of them come. */
const TELLING = new Set(
  (
    'up down on off in out start stop pause resume open close ok okay success succeed succeeds fails fail failure ' +
    'error ' +
    'warning enable disable read write get put post delete head patch options begin end done yes no not found lost ' +
    'login logout connect disconnect add remove create drop insert update select set unset reset send receive sent ' +
    'commit rollback abort begun active inactive idle busy ready full empty healthy unhealthy alive dead primary ' +
    'secondary leader follower master slave local remote online offline allow deny accept reject grant revoke lock ' +
    'unlock mount unmount attach detach load unload plugged unplugged input output first last before after none all ' +
    'new old invalid valid known unknown too and or is are was were has have can cannot unable with without for from ' +
    'to of at by as the a an'
  ).split(' '),
);

export function isUnit(word: string): boolean {
  return UNITS.has(word);
}

export function isAnswer(word: string): boolean {
  return ANSWERS.has(word.toLowerCase());
}

export function isWeekdayOrMonth(word: string): boolean {
  return WEEKDAYS_AND_MONTHS.has(word);
}

export function announcesName(word: string): boolean {
  return BEFORE_NAMES.has(word.toLowerCase());
}

/** Whether a word tells what happened: a participle (`Started`, `pausing`) or one of the list. */
export function isTelling(word: string): boolean {
  const lower = word.toLowerCase();
  if (TELLING.has(lower)) return true;
  return lower.length >= 5 && /^[a-z]+(?:ed|ing|ion|able|ible)$/.test(lower);
}

const TOP_DOMAINS = new Set('com edu gov mil'.split(' '));
const SECOND_LEVEL = new Set('com co net org edu gov ac ne or'.split(' '));

/**
 * Whether a word with dots is a host's name. Names of classes and settings have dots too (`java.net.Socket`,
 * `mapred.job.id`), so only what ends as hosts do counts.
 */
export function isHostName(word: string): boolean {
  const labels = word.split('.');
  const top = labels.at(-1) ?? '';
  const second = labels.at(-2) ?? '';
  if (!/^[a-z]{2,4}$/.test(top) || labels.includes('')) return false;
  if (labels.length >= 2 && TOP_DOMAINS.has(top)) return true;
  if (labels[0] === 'www') return true;
  if (labels.length < 3) return false;
  return top === 'net' || top === 'org' || (top.length === 2 && SECOND_LEVEL.has(second));
}

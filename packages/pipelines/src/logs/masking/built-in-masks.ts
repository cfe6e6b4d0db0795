/**
 * The rules that come along: secrets by their form or by the name before them, and personal data whose form is certain.
 * Each looks first for what it can't do without, since nearly no line has any.
 */
import type { Mask } from './mask-rule.ts';

const SECRET_NAME =
  '(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|client[_-]?secret' +
  '|credential|authorization|session[_-]?id|cookie|set-cookie)';

function mask(name: string, hint: RegExp, pattern: RegExp, replacement: string): Mask {
  return { name, apply: (text) => (hint.test(text) ? text.replace(pattern, replacement) : text) };
}

/** A number of 13 to 19 digits, in groups or not, whose check digit is right (ISO/IEC 7812). */
const CARD = /(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w-]|\.\d)/g;

const card: Mask = {
  name: 'card-number',
  apply: (text) =>
    /\d(?:[ -]?\d){12}/.test(text) ? text.replace(CARD, (it) => (isCard(it) ? '[card-number]' : it)) : text,
};

export const builtInMasks: readonly Mask[] = [
  mask(
    'private-key',
    /-----BEGIN/,
    /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
    '[private-key]',
  ),
  mask('jwt', /eyJ/, /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, '[jwt]'),
  mask('bearer', /bearer|basic/i, /\b(bearer|basic)\s+[\w+/=.~-]{8,}/gi, '$1 [secret]'),
  mask(
    'secret',
    /pass|pwd|secret|token|key|credential|authorization|session|cookie/i,
    new RegExp(
      String.raw`(["']?\b[\w.-]{0,64}${SECRET_NAME}["']?\s*[=:]\s*)(?!\[|bearer |basic |null\b|true\b|false\b)` +
        String.raw`("(?:[^"\\]|\\.){1,400}"|'[^']{1,400}'|[^\s"',;&)\]}]{1,400})`,
      'gi',
    ),
    '$1[secret]',
  ),
  mask('url-password', /:\/\/[^\s/]*@/, /(:\/\/[^\s:/@]{0,200}:)[^\s/@]{1,200}@/g, '$1[secret]@'),
  mask(
    'cloud-key',
    /AKIA|ASIA|ghp_|gho_|xox|sk-|AIza/,
    /\b(?:(?:AKIA|ASIA)[A-Z0-9]{16}|gh[po]_\w{36,}|xox[abp]-[\w-]{10,}|sk-[\w-]{20,}|AIza[\w-]{35})/g,
    '[cloud-key]',
  ),
  mask('email', /@/, /(?<![\w.+-])[\w.+-]{1,64}@[a-z\d-]{1,63}(?:\.[a-z\d-]{1,63})*\.[a-z]{2,24}\b/gi, '[email]'),
  card,
];

function isCard(text: string): boolean {
  const digits = text.replaceAll(/\D/g, '');
  // Not a time in milliseconds or nanoseconds, which begins with 1.
  if (!/^[2-6]/.test(digits) || /^(\d)\1+$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

import type { Random } from '../kernel/random.ts';

/** NIST SP 800-63B §5.1.1.2: length counts, and no rules about what a password is made of. */
const LEAST_CHARACTERS = 12;
const MOST_BYTES = 1024;

/** The most common ones that are long enough, as lists of leaked passwords have them; what they grow from is too short. */
const COMMON = new Set([
  ...['123456789012', '1234567890123', '123456789123', '123456123456', '1234567891011', '123123123123', '012345678910'],
  ...[
    'password1234',
    'password12345',
    'password123456',
    'password123!',
    'passwordpassword',
    'password@123',
    'p@ssw0rd1234',
  ],
  ...['qwertyuiop12', 'qwertyuiop123', 'qwerty123456', 'qwertyqwerty', 'qwertyuiop[]', '1q2w3e4r5t6y', '1qaz2wsx3edc'],
  ...['qazwsxedcrfv', 'zaq12wsxcde3', 'asdfghjkl123', 'abcdefghijkl', 'abc123abc123', 'abcd12345678', 'iloveyou1234'],
  ...[
    'letmein12345',
    'letmeinletmein',
    'welcome12345',
    'welcome123456',
    'changeme1234',
    'changemechangeme',
    'trustno1trustno1',
  ],
  ...[
    'administrator',
    'administrator1',
    'admin1234567',
    'admin12345678',
    'adminadmin12',
    'adminadminadmin',
    'rootrootroot',
  ],
  ...[
    'waybillwaybill',
    'waybill12345',
    'waybill123456',
    'supersecret1',
    'supersecret123',
    'secretsecret',
    'testtesttest',
  ],
  ...[
    'test12345678',
    'unknownunknown',
    'footballfootball',
    'princess1234',
    'sunshine1234',
    'correcthorsebatterystaple',
  ],
]);

/** What is wrong with a password that somebody wants for the user with that e-mail address, or null. Pure. */
export function objectionTo(password: string, email: string): string | null {
  const characters = [...password.normalize('NFKC')];
  if (characters.length < LEAST_CHARACTERS) return `A password has at least ${LEAST_CHARACTERS} characters.`;
  if (Buffer.byteLength(password) > MOST_BYTES) return `A password has at most ${MOST_BYTES} bytes.`;
  const folded = password.toLowerCase();
  if (folded === email.toLowerCase()) return 'The e-mail address is no password: others know it.';
  if (COMMON.has(folded) || new Set(characters).size === 1) {
    return 'This password is among the first that anybody would try. Take a few words that only you would put together.';
  }
  return null;
}

const MADE_BYTES = 15;

/** A new password: 120 random bits in 20 characters of base64url. */
export function makePassword(random: Random): string {
  return Buffer.from(random.fill(new Uint8Array(MADE_BYTES))).toString('base64url');
}

import ipaddr from 'ipaddr.js';

/** A bucket holds so many tokens at most, and gets another one each `refillMs`. */
interface BucketPlan {
  capacity: number;
  refillMs: number;
}

/** How full a bucket was, and when. */
interface Bucket {
  tokens: number;
  at: number;
}

/** So many wrong passwords for one user, wherever they come from. */
const FOR_ACCOUNT: BucketPlan = { capacity: 10, refillMs: 60_000 };
/** So many from one address, for whomever; a company may be behind it. */
const FROM_ADDRESS: BucketPlan = { capacity: 30, refillMs: 10_000 };

const MAX_BUCKETS = 10_000;

/** How full a bucket is by now. Null, one that was never drawn from, is full. Pure. */
function tokensIn(bucket: Bucket | null, { capacity, refillMs }: BucketPlan, now: number): number {
  return bucket === null ? capacity : Math.min(capacity, bucket.tokens + (now - bucket.at) / refillMs);
}

/** How long until there is a whole token, in ms: 0 when there is one. Pure. */
function waitFor(tokens: number, { refillMs }: BucketPlan): number {
  return tokens >= 1 ? 0 : Math.ceil((1 - tokens) * refillMs);
}

/** Who has an IPv6 address has 2^64 of them: those of one network count as one (RFC 4291 §2.5.4). */
function networkOf(address: string): string {
  if (!ipaddr.IPv6.isValid(address)) return address;
  return ipaddr.IPv6.parse(address).parts.slice(0, 4).join(':');
}

/** Who somebody tries to be, and from where. */
export interface SignInTry {
  account: string;
  address: string;
}

/** Token buckets for the accounts and the addresses of sign-ins, in memory. `now` is any clock's that never goes back. */
export interface SignInLimits {
  /** Draws a token for both, and returns 0; or draws none and returns how long to wait, in ms. */
  draw(attempt: SignInTry, now: number): number;
  /** Puts back what a try drew that was no guess. */
  giveBack(attempt: SignInTry, now: number): void;
}

export function createSignInLimits(): SignInLimits {
  const accounts = createBuckets(FOR_ACCOUNT);
  const addresses = createBuckets(FROM_ADDRESS);
  return {
    draw({ account, address }, now) {
      const network = networkOf(address);
      const waitMs = Math.max(accounts.wait(account, now), addresses.wait(network, now));
      if (waitMs > 0) return waitMs;
      accounts.add(account, -1, now);
      addresses.add(network, -1, now);
      return 0;
    },
    giveBack({ account, address }, now) {
      accounts.add(account, 1, now);
      addresses.add(networkOf(address), 1, now);
    },
  };
}

/** Buckets by name. A full one is the same as none, so those go first when there are too many, and then the oldest. */
function createBuckets(plan: BucketPlan): {
  wait(name: string, now: number): number;
  add(name: string, tokens: number, now: number): void;
} {
  const buckets = new Map<string, Bucket>();
  const tokensOf = (name: string, now: number): number => tokensIn(buckets.get(name) ?? null, plan, now);

  function makeRoom(now: number): void {
    if (buckets.size < MAX_BUCKETS) return;
    for (const name of buckets.keys()) if (tokensOf(name, now) >= plan.capacity) buckets.delete(name);
    const [oldest] = buckets.keys();
    if (buckets.size >= MAX_BUCKETS && oldest !== undefined) buckets.delete(oldest);
  }

  return {
    wait: (name, now) => waitFor(tokensOf(name, now), plan),
    add(name, tokens, now) {
      const left = Math.min(plan.capacity, tokensOf(name, now) + tokens);
      buckets.delete(name);
      makeRoom(now);
      if (left < plan.capacity) buckets.set(name, { tokens: left, at: now });
    },
  };
}

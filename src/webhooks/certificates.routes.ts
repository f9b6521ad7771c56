import { type Api, Instant } from '../http/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { Type } from '../kernel/type.ts';
import type { ExpiryWatch } from './certificates.ts';

interface Dependencies {
  expiryWatch: Pick<ExpiryWatch, 'inUse'>;
  clock: Clock;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** How many are shown: those that end first are what people ask for. */
const MOST_SHOWN = 100;

const CertificateSchema = Type.Object({
  sha256: Type.String({ description: 'Lower-case hex of the DER.' }),
  subject: Type.String(),
  notAfter: Instant,
  daysLeft: Type.Integer({ description: 'Whole days; below 0 once it has expired.' }),
  usedBy: Type.Array(Type.Object({ type: Type.Literal('webhook'), id: Type.String(), name: Type.String() })),
});

/** `GET /webhooks/certificates`. */
export function certificateRoutes(api: Api, { expiryWatch, clock }: Dependencies): void {
  api.get(
    '/api/v1/webhooks/certificates',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Read which certificates webhooks depend on, the first to expire first',
        description: `Those in the settings of webhooks that are not disabled, and those that their receivers have shown last; ${MOST_SHOWN} at most, \`count\` says of how many.`,
        tags: ['Webhooks'],
        response: { 200: Type.Object({ certificates: Type.Array(CertificateSchema), count: Type.Integer() }) },
      },
    },
    async () => {
      const now = clock.now();
      const found = await expiryWatch.inUse();
      const certificates = found
        .toSorted((a, b) => a.notAfter - b.notAfter)
        .slice(0, MOST_SHOWN)
        .map(({ certificate: { id, subject, notAfter: notAfterAt, usedBy }, notAfter }) => ({
          sha256: id,
          subject,
          notAfter: notAfterAt,
          daysLeft: Math.floor((notAfter - now) / DAY_MS),
          usedBy,
        }));
      return { certificates, count: found.length };
    },
  );
}

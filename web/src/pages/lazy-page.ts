import { lazyRouteComponent } from '@tanstack/react-router';
import type { ComponentType } from 'react';
import { serverAnswers, untilBack } from '../api/client.ts';

/**
 * The component of a page whose code is loaded with its first visit. When the server does not answer, the visit waits
 * until it does. A page that is gone, because another version of Waybill runs by now, is found by loading all anew.
 */
export function lazyPage<Name extends string>(load: () => Promise<Record<Name, ComponentType>>, name: Name) {
  return lazyRouteComponent(
    () =>
      load().catch(async (error: unknown) => {
        if (await serverAnswers()) throw error;
        await untilBack();
        return load();
      }),
    name,
  );
}

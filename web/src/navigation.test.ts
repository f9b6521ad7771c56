import { describe, expect, test } from 'vitest';
import { NAVIGATION, onlyPlaces, placesOf } from './navigation.ts';

function pathTo(to: string): string[] {
  const found = placesOf(NAVIGATION).find(({ place }) => place.to === to);
  return found === undefined ? [] : [...found.headings, found.place.label];
}

describe('the navigation', () => {
  test.each([
    ['/settings/notification-services/webhooks', ['settings', 'notificationServices', 'webhooks']],
    ['/settings/notification-services/templates', ['settings', 'notificationServices', 'templates']],
    ['/administration/log-viewer', ['administration', 'logViewer']],
    ['/integrations/webhooks', ['integrations', 'webhooksByStation']],
  ])('has %s where people look for it', (to, path) => {
    expect(pathTo(to)).toEqual(path);
  });

  test('names each path once', () => {
    const paths = placesOf(NAVIGATION).map(({ place }) => place.to);
    expect(new Set(paths).size).toBe(paths.length);
  });

  test('has no heading with nothing below it', () => {
    const onlyAbout = onlyPlaces(NAVIGATION, ({ to }) => to === '/about');
    expect(onlyAbout).toEqual([{ heading: null, entries: [expect.objectContaining({ to: '/about' })] }]);
  });
});

import { Outlet } from '@tanstack/react-router';
import { ExpiredDialog } from './expired-dialog.tsx';
import { GoneBanner } from './gone-banner.tsx';

/** What every page has around it, whoever asks for it. */
export function Root() {
  return (
    <>
      <GoneBanner />
      <Outlet />
      <ExpiredDialog />
    </>
  );
}

import { useTranslation } from 'react-i18next';
import { TabLink, TabLinks } from '../../ui/tab-links.tsx';

const EXACT = { exact: true, includeSearch: false };

/** The parts of the log viewer. */
export function LogTabs() {
  const { t } = useTranslation();
  return (
    <TabLinks label={t('log.tabs.label')}>
      <TabLink to="/administration/log-viewer" activeOptions={EXACT}>
        {t('log.tabs.deliveries')}
      </TabLink>
      <TabLink to="/administration/log-viewer/replays" activeOptions={EXACT}>
        {t('log.tabs.replays')}
      </TabLink>
      <TabLink to="/administration/log-viewer/system" activeOptions={EXACT}>
        {t('log.tabs.system')}
      </TabLink>
    </TabLinks>
  );
}

import { useEffect, useState } from 'react';
import { ToggleButton } from 'react-aria-components';
import { useTranslation } from 'react-i18next';
import { weightClass } from '../button';
import { Scroll } from '../scroll';
import { essence } from './media';

/** A picture, at first as wide as the page. It is in memory only, and gone with the page. */
export function Picture({ title, mediaType, content }: { title: string; mediaType: string; content: Uint8Array }) {
  const { t } = useTranslation();
  const [url, setUrl] = useState<string>();
  const [isWhole, showWhole] = useState(false);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([content as Uint8Array<ArrayBuffer>], { type: essence(mediaType) }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [content, mediaType]);
  return (
    <figure className="flex flex-col items-start gap-1">
      <Scroll label={title} className="max-h-[80dvh] max-w-full rounded bg-sunk">
        {url && <img src={url} alt={title} className={isWhole ? 'max-w-none' : 'max-h-[80dvh] max-w-full'} />}
      </Scroll>
      <ToggleButton isSelected={isWhole} onChange={showWhole} className={`${weightClass('second')} cursor-pointer`}>
        {t(isWhole ? 'viewer.fit' : 'viewer.whole')}
      </ToggleButton>
    </figure>
  );
}

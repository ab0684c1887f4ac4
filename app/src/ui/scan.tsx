import { ScanLine } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from './button';
import { Dialog } from './dialog';
import { Note } from './note';

/** Milliseconds between two looks. */
const LOOK = 150;

/** Reads a QR code with the camera. Pictures stay in the page. */
export function ScanButton({
  label,
  isDisabled = false,
  onFound,
}: {
  label: string;
  isDisabled?: boolean;
  onFound: (text: string) => void;
}) {
  const { t } = useTranslation();
  const [isOpen, open] = useState(false);
  return (
    <>
      <Button isDisabled={isDisabled} onPress={() => open(true)}>
        <ScanLine aria-hidden className="size-2.5" />
        {label}
      </Button>
      <Dialog
        title={label}
        isOpen={isOpen}
        onClose={() => open(false)}
        actions={<Button onPress={() => open(false)}>{t('common.cancel')}</Button>}
      >
        {isOpen && (
          <Camera
            onFound={(text) => {
              open(false);
              onFound(text);
            }}
          />
        )}
      </Dialog>
    </>
  );
}

function Camera({ onFound }: { onFound: (text: string) => void }) {
  const { t } = useTranslation();
  const video = useRef<HTMLVideoElement>(null);
  const found = useRef(onFound);
  found.current = onFound;
  const [isAway, setAway] = useState(false);
  useEffect(() => {
    let [stream, timer, isOver]: [MediaStream | undefined, number, boolean] = [undefined, 0, false];
    const start = async () => {
      const [{ default: jsQR }, opened] = await Promise.all([
        import('jsqr'),
        navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } }),
      ]);
      stream = opened;
      const element = video.current;
      if (isOver || !element) return stop();
      element.srcObject = stream;
      await element.play();
      const canvas = document.createElement('canvas');
      const context = canvas.getContext('2d', { willReadFrequently: true });
      const look = () => {
        const { videoWidth: width, videoHeight: height } = element;
        if (context && width > 0) {
          [canvas.width, canvas.height] = [width, height];
          context.drawImage(element, 0, 0);
          const code = jsQR(context.getImageData(0, 0, width, height).data, width, height);
          if (code?.data) return found.current(code.data);
        }
        timer = window.setTimeout(look, LOOK);
      };
      look();
    };
    const stop = () => {
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    start().catch(() => setAway(true));
    return () => {
      isOver = true;
      clearTimeout(timer);
      stop();
    };
  }, []);
  if (isAway) return <Note kind="wait">{t('common.scan.away')}</Note>;
  return (
    <>
      <p>{t('common.scan.hint')}</p>
      <video ref={video} playsInline muted className="w-full rounded bg-sunk" aria-label={t('common.scan.picture')} />
    </>
  );
}

/** The first address in a text, such as that of a QR code or a link. */
export function addressIn(text: string): string | undefined {
  return /(?<![1-9A-HJ-NP-Za-km-z])[1-9A-HJ-NP-Za-km-z]{32,44}(?![1-9A-HJ-NP-Za-km-z])/.exec(text)?.[0];
}

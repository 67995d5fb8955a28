/** What the About dialog says of each model: its name, what it was trained on and under which licence. */

/** @type {readonly { name: string, title: string, notice: string }[]} */
export const MODEL_NOTICES = [
  {
    name: 'sign_digits',
    title: 'Hand signs',
    notice:
      'Trained on the Sign Language Digits Dataset by students of Turkey Ankara Ayrancı Anadolu High School (A. Mavi, arXiv:2011.08927), ' +
      'Apache License 2.0; image metadata removed.',
  },
  {
    name: 'wake_words',
    title: 'Wake words',
    notice:
      'Trained on recordings of the Picovoice wake word benchmark, Picovoice Inc., Apache License 2.0; clips trimmed. ' +
      'Other speech: Speech Commands v2 by Google (P. Warden, arXiv:1804.03209), CC BY 4.0, https://creativecommons.org/licenses/by/4.0/.',
  },
  {
    name: 'intents',
    title: 'English sentences',
    notice:
      'Trained on CLINC150 (S. Larson et al., EMNLP-IJCNLP 2019, https://www.aclweb.org/anthology/D19-1131/), CC BY 3.0, ' +
      'https://creativecommons.org/licenses/by/3.0/.',
  },
  {
    name: 'intents_zh',
    title: 'Chinese sentences',
    notice: 'Trained on CrossWOZ (Q. Zhu et al., TACL 2020, thu-coai), Apache License 2.0.',
  },
  {
    name: 'doodles',
    title: 'Drawings',
    notice:
      'Trained on the Quick, Draw! Dataset made available by Google, Inc., CC BY 4.0, https://creativecommons.org/licenses/by/4.0/.',
  },
];

"""Words as BERT sees them."""

from pir_mm.datasets.tokenizers.word_splitting import split_words


def test_lower_case_without_accents_and_with_marks_apart():
    assert split_words('Déjà-vu at 5% 河') == ['deja', '-', 'vu', 'at', '5', '%', '河']

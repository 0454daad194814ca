"""Files and tensors are known by their checksums."""

import hashlib

import torch

from pir_mm.files.checksums import file_sha256, hash_tensors


def test_a_file_is_known_by_its_sha256(tmp_path):
    (tmp_path / 'a').write_bytes(b'x' * (2**20 + 5))
    assert file_sha256(tmp_path / 'a') == hashlib.sha256(b'x' * (2**20 + 5)).hexdigest()


def test_tensors_are_known_by_all_but_their_order():
    own = {'a': torch.arange(6.0).view(2, 3), 'b': torch.ones(2)}
    known = hash_tensors(own)
    assert len(bytes.fromhex(known)) == 32
    assert hash_tensors(dict(reversed(own.items()))) == known
    others = [
        {**own, 'a': own['a'].view(3, 2)},
        {**own, 'a': own['a'].double()},
        {**own, 'b': torch.tensor([1.0, 2.0])},
        {'a': own['a'], 'c': own['b']},
    ]
    assert len({known, *map(hash_tensors, others)}) == 5

"""What frozen parts of a model give, computed once and kept in files."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock
from mmengine.dist import barrier, get_rank, get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset
from tqdm import tqdm

from pir_mm.engine.bf16_optim_wrapper import multiplies_bf16
from pir_mm.engine.model_wrapping import unwrapped
from pir_mm.files.checksums import hash_tensors
from pir_mm.files.feature_store import FeatureStore, ShuffledRows
from pir_mm.registry import HOOKS

BATCH = 64
CPU_PICTURES = 16
"""Pictures of a batch on a CPU, whose caches hold no more of their maps."""
TOLERANCE = 1e-3
"""Largest difference, in deviations, of what follows from features and from the images."""


@HOOKS.register_module()
class FeatureCacheHook(Hook):
    """Compute what frozen encoders give once, and let every epoch and every later run read it.

    A backbone that is not trained gives the same for the same picture in each epoch. This hook
    computes it before the first epoch, with a bar, keeps it below ``folder``, of images in
    bfloat16, and has the datasets read it there. If all encoders of images are frozen, no picture
    is decoded any more. It holds for training, validation and test.

    Nothing in the pipeline of the pictures may be random, but for :class:`pir_mm.RandomTurn`, whose
    orientations are all computed; it may be in :class:`pir_mm.TwoViews`. What the features depend
    on (weights, pictures, pipeline, normalisation; vocabulary and texts) is noted beside them.
    Features that were made from something else are refused. A killed computation goes on where it
    was; a second run that wants the same features waits for the first.

    Args:
        folder: of the features.
        parts: by the names of encoders, the names of their features. Those of a split are in
            ``folder/split/name``. Models that share a frozen encoder share its features by one
            name; another prior has another name. By default all encoders that have a frozen part,
            under their own names.
        shuffled: encoders of images whose features are dealt out to other pictures, in an order
            that is always the same. It is a control: a part that says something about a picture is
            worth more than one that says the same about a stranger. Search, which reads pictures,
            knows nothing of it.

    Raises:
        ValueError: if an encoder has no frozen part, the pipeline draws, the folder holds
            features of something else, or ``shuffled`` names what is not computed.
    """

    def __init__(
        self, folder: str, parts: Mapping[str, str] | None = None, shuffled: Sequence[str] = ()
    ) -> None:
        self.folder = Path(folder)
        self.parts = parts
        self.shuffled = tuple(shuffled)

    def before_train(self, runner: Runner) -> None:
        self.equip(unwrapped(runner.model), runner.train_dataloader)

    def before_val(self, runner: Runner) -> None:
        self.equip(unwrapped(runner.model), runner.val_dataloader)

    def before_test(self, runner: Runner) -> None:
        self.equip(unwrapped(runner.model), runner.test_dataloader)

    def equip(self, model: nn.Module, loader: DataLoader) -> None:
        """Have the datasets of a loader read features, computed now where they are missing."""
        parts = self._parts_of(model)
        sets = getattr(loader.dataset, 'datasets', [loader.dataset])
        for number, dataset in enumerate(sets):
            if not hasattr(dataset, 'use_features'):
                raise ValueError(
                    'FeatureCacheHook is for pir_mm.CaptionDataset and pir_mm.ShardDataset, not '
                    f'{type(dataset).__name__}'
                )
            if dataset.features is not None:
                continue
            folder = self.folder / dataset.split
            folder = folder / str(number) if len(sets) > 1 else folder
            image_parts = {
                part: folder / parts[part] for part in model.image_parts if part in parts
            }
            text_parts = {part: folder / parts[part] for part in model.text_parts if part in parts}
            training = model.training
            model.eval()
            images = self._of_images(model, dataset, image_parts, loader.num_workers)
            texts = self._of_texts(model, dataset, text_parts)
            for part in self.shuffled:
                images[part] = ShuffledRows(images[part])
            model.train(training)
            dataset.use_features(images, texts, len(image_parts) < len(model.image_parts))

    def _parts_of(self, model: nn.Module) -> dict[str, str]:
        known = [*getattr(model, 'image_parts', ()), *getattr(model, 'text_parts', ())]
        frozen = [
            name for name in known if getattr(getattr(model, name), 'frozen', None) is not None
        ]
        parts = {name: name for name in frozen} if self.parts is None else dict(self.parts)
        wrong = [name for name in parts if name not in frozen]
        if wrong or not parts:
            raise ValueError(
                f'FeatureCacheHook computes what frozen encoders give, and of this model '
                f'{", ".join(frozen) or "no encoder"} can be: set `frozen` of '
                f'{wrong[0] if wrong else "an encoder"}, or take the hook out of the config'
            )
        strange = [name for name in self.shuffled if name not in parts or name in model.text_parts]
        if strange:
            raise ValueError(
                f'shuffled names {strange[0]}, whose features of images are not computed: of this '
                f'model those of {", ".join(parts)} are'
            )
        return parts

    def _of_images(
        self, model: nn.Module, dataset: Any, folders: dict[str, Path], workers: int
    ) -> dict[str, FeatureStore]:
        if not folders:
            return {}
        views = dataset.picture_views()
        views.check_pipeline()
        pixels = views.made_from() | {'normalisation': _normalisation(model)}
        stores = {}
        for part, folder in folders.items():
            encoder = getattr(model, part)
            made_from = {**_state_of(encoder), **pixels}

            def compute(block: range, store: FeatureStore, encoder: nn.Module = encoder) -> None:
                store.write(block, _images_of(model, encoder, Subset(views, block), workers))

            stores[part] = self._filled(folder, made_from, len(views), 'picture', compute)
        return stores

    def _of_texts(
        self, model: nn.Module, dataset: Any, folders: dict[str, Path]
    ) -> FeatureStore | None:
        if not folders:
            return None
        ((part, folder),) = folders.items()
        texts = dataset.distinct_texts()
        token_ids, mask = model.tokenizer(texts)
        tokens = hashlib.sha256(token_ids[mask].numpy().tobytes() + mask.sum(1).numpy().tobytes())
        encoder = getattr(model, part)
        made_from = {
            **_state_of(encoder),
            'texts or vocabulary': tokens.hexdigest(),
            'precision': 'float32',
        }

        def compute(block: range, store: FeatureStore) -> None:
            rows = slice(block.start, block.stop)
            store.write_ragged(block, _texts_of(encoder, token_ids[rows], mask[rows]))

        return self._filled(folder, made_from, len(texts), 'text', compute)

    def _filled(
        self, folder: Path, made_from: dict, rows: int, unit: str,
        compute: Callable[[range, FeatureStore], None],
    ) -> FeatureStore:  # fmt: skip
        """A store with all its blocks, each computed by one of the processes."""
        lock = FileLock(folder.with_name(f'.{folder.name}.lock'))
        if is_main_process():
            folder.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
            store = FeatureStore(folder, made_from, rows)
        barrier()
        try:
            store = FeatureStore(folder, made_from, rows)
            missing = store.missing()
            barrier()
            own = missing[get_rank() :: get_world_size()]
            description = f'features of {folder.name}, {folder.parent.name}'
            total = sum(map(len, own))
            with tqdm(
                total=total, unit=unit, desc=description, disable=None if total else True
            ) as bar:
                for block in own:
                    compute(block, store)
                    bar.update(len(block))
            barrier()
        finally:
            if is_main_process():
                lock.release()
        return store


def _state_of(encoder: nn.Module) -> dict[str, str]:
    structure = hashlib.sha256(str(encoder.frozen.backbone).encode()).hexdigest()
    return {
        'weights': hash_tensors(encoder.frozen.state()),
        'backbone': f'{structure[:16]}, {", ".join(encoder.frozen.names) or "whole"}',
        'image size': getattr(encoder, 'image_size', None),
        'tokens': getattr(encoder, 'with_tokens', None),
        'levels': list(getattr(getattr(encoder, 'levels', None), 'names', ())),
    }


def _normalisation(model: nn.Module) -> str:
    preprocessor = model.data_preprocessor
    names = ('mean', 'std', 'to_rgb')
    return '; '.join(
        f'{name} {getattr(preprocessor, name).flatten().tolist()}'
        if isinstance(getattr(preprocessor, name, None), Tensor)
        else f'{name} {getattr(preprocessor, name, None)}'
        for name in names
    )


def _images_of(model: nn.Module, encoder: nn.Module, views: Subset, workers: int) -> list[Tensor]:
    outputs = []
    on_cpu = next(model.parameters()).device.type == 'cpu'
    for pixels in DataLoader(views, CPU_PICTURES if on_cpu else BATCH, num_workers=workers):
        images = model.data_preprocessor({'inputs': pixels})['images']
        with torch.no_grad(), _autocast(images):
            output = encoder.frozen_output(images)
            if not outputs and not encoder.frozen.is_whole:
                _check_rest(encoder, images, output)
        outputs.append([part.cpu() for part in output])
    return [torch.cat(parts) for parts in zip(*outputs, strict=True)]


def _check_rest(encoder: nn.Module, images: Tensor, output: tuple[Tensor, ...]) -> None:
    try:
        from_features, from_images = encoder(features=output)[0], encoder(images)[0]
        fault = (from_features - from_images).abs().max() / from_images.std()
    except (RuntimeError, TypeError, ValueError, AttributeError):
        fault = torch.inf
    if fault > TOLERANCE:
        raise ValueError(
            f'{type(encoder.backbone).__name__} cannot be continued behind a part of it: freeze '
            'all of it, or leave it out of FeatureCacheHook.parts'
        )


def _texts_of(encoder: nn.Module, token_ids: Tensor, mask: Tensor) -> list[Tensor]:
    device = next(encoder.parameters()).device
    lengths = mask.sum(dim=1)
    order = lengths.argsort(stable=True)
    rows: list[Tensor] = [torch.empty(0)] * len(order)
    for own in order.split(BATCH):
        longest = int(lengths[own].max())
        ids, shown = token_ids[own, :longest].to(device), mask[own, :longest].to(device)
        states = encoder.frozen_output(ids, shown).cpu()
        for row, state, length in zip(own.tolist(), states, lengths[own].tolist(), strict=True):
            rows[row] = state[:length]
    return rows


def _autocast(values: Tensor):
    device = values.device.type
    return torch.autocast(device, torch.bfloat16, enabled=multiplies_bf16(device))

"""A filter learns from a frozen fusion model, and has nothing of it."""

import copy
import dataclasses

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.runner.checkpoint import load_state_dict
from torch.testing import assert_close

from pir_mm.engine import load_weights
from pir_mm.functional.distillation import distillation
from tests.models.fusion.tiny import batch_of
from tests.models.retrievers.filters import FILTER, build_filter, save_teacher


def evaluation_batch():
    return dataclasses.replace(
        batch_of(3, 4, image_of_text=[1, 0, 1, 2]),
        caption_id=torch.tensor([1, 0, 2, 3]), image_of_caption=torch.tensor([0, 1, 1, 2]),
    )  # fmt: skip


def total(losses):
    return sum(value for name, value in losses.items() if 'loss' in name)


def test_learns_the_scores_of_the_teacher_and_the_truth(monkeypatch):
    model, batch = build_filter(), batch_of(4)
    pairs = model.distillation.pairs(batch)
    monkeypatch.setattr(model.distillation, 'pairs', lambda batch: pairs)
    losses = model.loss(batch)
    with torch.no_grad():
        images = model.teacher.encode_image_tokens(batch.images)
        texts = model.teacher.encode_text_tokens(batch.token_ids, batch.token_mask)
        wanted = model.teacher.match(images, texts, pairs.image, pairs.text)
        logits = model.classifier(images[:, 0], texts.tokens[:, 0], pairs.image, pairs.text)
    soft, hard = distillation(logits.diff(dim=1)[:, 0], wanted, pairs.matched, pairs.kept)
    assert_close(losses['loss_soft'], 0.2 * soft)
    assert_close(losses['loss_hard'], 0.8 * hard)


def test_all_pairs_go_through_the_student_in_one_call():
    model, rows = build_filter().train(), []
    model.classifier.register_forward_hook(lambda module, given, result: rows.append(len(result)))
    model.loss(batch_of(4))
    assert rows == [12] and model.classifier.norms[0].num_batches_tracked == 1


@pytest.mark.parametrize('amp', [False, True])
def test_only_the_student_learns_and_the_teacher_stays_as_it_is(amp):
    model, batch = build_filter().train(), batch_of(4)
    assert not any(module.training for module in model.teacher.modules())
    assert not any(p.requires_grad for p in model.teacher.parameters())
    before = copy.deepcopy(model.teacher.state_dict())
    optimiser = build_optim_wrapper(model, dict(optimizer=dict(type='SGD', lr=0.1)))
    known = {id(p) for group in optimiser.optimizer.param_groups for p in group['params']}
    assert known == {id(p) for p in model.classifier.parameters()}
    with torch.autocast('cpu', torch.bfloat16, enabled=amp):
        losses = model.loss(batch)
    assert all(value.dtype == torch.float32 for value in losses.values())
    optimiser.backward(total(losses))
    assert all(p.grad is not None and p.grad.any() for p in model.classifier.parameters())
    optimiser.step()
    for name, value in model.teacher.state_dict().items():
        assert torch.equal(value, before[name])


def test_an_encoder_that_drops_nothing_gives_the_same_in_training():
    model, batch = build_filter(), evaluation_batch()
    wanted = model.states(batch)[0]
    assert torch.equal(model.train().states(batch)[0], wanted)


def test_a_checkpoint_has_the_student_and_a_digest_and_nothing_else():
    model = build_filter()
    names = set(model.state_dict())
    assert 'distilled_from' in names
    assert all(n.startswith('classifier.') for n in names - {'distilled_from'})
    assert {id(m) for m in model.modules()}.isdisjoint(map(id, model.teacher.modules()))


@pytest.mark.parametrize('way', ['mmengine', 'ours'])
def test_the_teacher_is_read_when_the_filter_is_loaded(tmp_path, way):
    teacher = save_teacher(tmp_path / 'teacher.pth')
    model = build_filter(init=str(tmp_path / 'teacher.pth'))
    model.init_weights()
    assert_close(model.teacher.state_dict(), teacher.state_dict())
    torch.save({'state_dict': model.state_dict()}, tmp_path / 'filter.pth')
    other = build_filter(init=str(tmp_path / 'teacher.pth'))
    if way == 'ours':
        load_weights(other, tmp_path / 'filter.pth')
    else:
        load_state_dict(other, model.state_dict(), strict=True)
    assert_close(other.teacher.state_dict(), teacher.state_dict())
    batch = evaluation_batch()
    rows = [[s.image_embedding for s in one.predict(batch)] for one in (model, other)]
    assert_close(rows[0], rows[1])


def test_another_teacher_is_refused(tmp_path):
    save_teacher(tmp_path / 'teacher.pth')
    model = build_filter(init=str(tmp_path / 'teacher.pth'))
    model.init_weights()
    save_teacher(tmp_path / 'other.pth', seed=5)
    other = build_filter(init=str(tmp_path / 'other.pth'))
    with pytest.raises(ValueError, match='distilled from a fusion model with other encoders than'):
        other.load_state_dict(model.state_dict())
    with pytest.raises(FileNotFoundError, match='no.pth does not exist: train the fusion model of'):
        build_filter(init='no.pth').init_weights()
    torch.save({'state_dict': {'a': torch.zeros(1)}}, tmp_path / 'wrong.pth')
    with pytest.raises(ValueError, match='wrong.pth does not fit teacher: .*model.init=random'):
        build_filter(init=str(tmp_path / 'wrong.pth')).init_weights()


def test_the_teacher_moves_with_the_filter():
    model = build_filter().double()
    assert {p.dtype for p in model.teacher.parameters()} == {torch.float64}
    assert model.image_encoder is model.teacher.image_encoder
    assert model.image_parts == ('image_encoder',) and model.text_parts == ('text_encoder',)


def test_its_rows_compare_as_the_student_scores_pairs():
    model, batch = build_filter(), evaluation_batch()
    for norm in model.classifier.norms:
        norm.running_mean.normal_()
    samples = model(batch=batch, mode='predict')
    assert [s.text_id for s in samples] == [[1], [0, 2], [3]]
    image = torch.stack([s.image_embedding for s in samples])
    text = torch.cat([s.text_embedding for s in samples])[[1, 0, 2, 3]]
    first, texts = model.states(batch)
    rows, columns = torch.meshgrid(torch.arange(3), torch.arange(4), indexing='ij')
    with torch.no_grad():
        logits = model.classifier(
            first[:, 0], texts.tokens[:, 0], rows.flatten(), columns.flatten()
        )
        assert_close(model.compare(image, text), logits.diff(dim=1).view(3, 4))


def test_a_batch_may_bring_no_new_text_and_training_a_single_pair():
    (sample,) = build_filter().predict(_without_texts())
    assert sample.text_embedding.shape == (0, 16) and sample.image_embedding.shape == (16,)
    losses = build_filter().train().loss(batch_of(1))
    assert total(losses).isfinite()


def _without_texts():
    nothing = torch.zeros(0, dtype=torch.long)
    return dataclasses.replace(
        batch_of(1),
        token_ids=nothing.view(0, 0), token_mask=nothing.view(0, 0).bool(), text_length=nothing,
        image_of_text=nothing, text_id=nothing,
        caption_id=torch.tensor([0]), image_of_caption=torch.tensor([0]),
    )  # fmt: skip


def test_learns_its_teacher_by_heart():
    loss = dict(type='pir_mm.DistillationLoss', soft_weight=1.0, negatives=3)
    model, batch = build_filter(distillation=loss), batch_of(8)
    for parameter in model.teacher.matcher.parameters():
        parameter.data *= 40  # so that the teacher is of an opinion
    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-2)
    first = None
    for _ in range(120):
        losses = model.loss(batch)
        first = losses['loss_soft'].item() if first is None else first
        optimiser.zero_grad()
        total(losses).backward()
        optimiser.step()
    assert losses['loss_hard'] == 0 and losses['loss_soft'] < 0.2 * first


def test_says_what_does_not_fit():
    with pytest.raises(ValueError, match="mode 'tensor' is not one of a RetrievalFilter, wanted"):
        build_filter()(mode='tensor')
    with pytest.raises(ValueError, match='an evaluation needs caption_id'):
        build_filter().predict(batch_of(2))
    with pytest.raises(ValueError, match='the teacher of a filter must be a FusionRetriever, got'):
        build_filter(teacher=FILTER)

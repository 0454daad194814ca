"""Small weights in every layout that is converted, drawn from a seed."""

import torch
from mmengine.registry import MODELS

SETTINGS = dict(
    embed_dim=8,
    filter_size=20,
    instru_num=1,
    cycle_num=2,
    head=2,
    dropout_r=0.2,
    max_tokens=31,
    image_res=224,
    use_swin=True,
    schedular={'sched': 'linear'},
)


def drawn(shapes):
    random = torch.Generator().manual_seed(0)
    return {name: 0.1 * torch.randn(shape, generator=random) for name, shape in shapes.items()}


def microsoft_swin(width=4):
    """As Microsoft names them: four stages of one block, with a classifier."""
    shapes = {'patch_embed.proj.weight': (width, 3, 4, 4), 'head.weight': (10, 8 * width)}
    for name in ('patch_embed.proj.bias', 'patch_embed.norm.weight', 'patch_embed.norm.bias'):
        shapes[name] = (width,)
    for stage in range(4):
        c = width * 2**stage
        block = f'layers.{stage}.blocks.0.'
        shapes |= {
            f'{block}norm1.weight': (c,),
            f'{block}norm1.bias': (c,),
            f'{block}attn.relative_position_bias_table': (169, (1, 1, 2, 2)[stage]),
            f'{block}attn.relative_position_index': (49, 49),
            f'{block}attn.qkv.weight': (3 * c, c),
            f'{block}attn.qkv.bias': (3 * c,),
            f'{block}attn.proj.weight': (c, c),
            f'{block}attn.proj.bias': (c,),
            f'{block}attn_mask': (4, 49, 49),
            f'{block}norm2.weight': (c,),
            f'{block}norm2.bias': (c,),
            f'{block}mlp.fc1.weight': (4 * c, c),
            f'{block}mlp.fc1.bias': (4 * c,),
            f'{block}mlp.fc2.weight': (c, 4 * c),
            f'{block}mlp.fc2.bias': (c,),
        }
        if stage < 3:
            down = f'layers.{stage}.downsample.'
            shapes[f'{down}reduction.weight'] = (2 * c, 4 * c)
            shapes[f'{down}norm.weight'] = shapes[f'{down}norm.bias'] = (4 * c,)
    shapes['norm.weight'] = shapes['norm.bias'] = (8 * width,)
    random = torch.Generator().manual_seed(0)
    return {name: torch.randn(shape, generator=random) for name, shape in shapes.items()}


def timm_swin():
    """As timm names them: a stage begins with its down-sampling, the classifier is below."""
    weights = {}
    for name, value in microsoft_swin().items():
        if '.downsample.' in name:
            stage = int(name.split('.')[1])
            name = name.replace(f'layers.{stage}.', f'layers.{stage + 1}.')
        weights[name.replace('head.', 'head.fc.')] = value
    return {n: w for n, w in weights.items() if not n.endswith(('index', 'attn_mask'))}


def timm_vit(width=64, layers=1, inner=96, patch=16, side=2):
    """As timm and DeiT name them, with the classifier."""
    shapes = {
        'cls_token': (1, 1, width),
        'pos_embed': (1, 1 + side**2, width),
        'patch_embed.proj.weight': (width, 3, patch, patch),
        'patch_embed.proj.bias': (width,),
        'head.weight': (3, width),
        'head.bias': (3,),
    }
    parts = {'norm1': (width,), 'norm2': (width,)}
    parts |= {'attn.qkv': (3 * width, width), 'attn.proj': (width, width)}
    parts |= {'mlp.fc1': (inner, width), 'mlp.fc2': (width, inner)}
    parts = {f'blocks.{i}.{n}': shape for i in range(layers) for n, shape in parts.items()}
    for name, shape in (parts | {'norm': (width,)}).items():
        shapes |= {f'{name}.weight': shape, f'{name}.bias': shape[:1]}
    return drawn(shapes)


def bert(words=60, width=16, layers=1, inner=24, positions=12):
    shapes = {
        'embeddings.word_embeddings.weight': (words, width),
        'embeddings.position_embeddings.weight': (positions, width),
        'embeddings.token_type_embeddings.weight': (2, width),
        'embeddings.LayerNorm.weight': (width,),
        'embeddings.LayerNorm.bias': (width,),
    }
    for layer in range(layers):
        for name, rows, columns in (
            ('attention.self.query', width, width),
            ('attention.self.key', width, width),
            ('attention.self.value', width, width),
            ('attention.output.dense', width, width),
            ('intermediate.dense', inner, width),
            ('output.dense', width, inner),
        ):
            shapes[f'encoder.layer.{layer}.{name}.weight'] = (rows, columns)
            shapes[f'encoder.layer.{layer}.{name}.bias'] = (rows,)
        for name in ('attention.output.LayerNorm', 'output.LayerNorm'):
            shapes[f'encoder.layer.{layer}.{name}.weight'] = (width,)
            shapes[f'encoder.layer.{layer}.{name}.bias'] = (width,)
    return drawn(shapes)


def hf_bert():
    """As the hub's first files are: below ``bert.``, with gamma and beta, and with heads."""
    weights = {}
    for name, value in bert().items():
        name = name.replace('LayerNorm.weight', 'LayerNorm.gamma')
        weights[f'bert.{name.replace("LayerNorm.bias", "LayerNorm.beta")}'] = value
    weights |= drawn({'bert.pooler.dense.weight': (16, 16), 'bert.pooler.dense.bias': (16,)})
    weights |= drawn({'cls.predictions.bias': (60,), 'cls.seq_relationship.bias': (2,)})
    return weights | {'bert.embeddings.position_ids': torch.arange(12).unsqueeze(0)}


def resnet(classes=1000):
    """ResNet-18 of a sixteenth of the width; the names are checked against torchvision's."""
    torch.manual_seed(0)
    small = dict(type='mmpretrain.ResNet', depth=18, stem_channels=4, base_channels=4)
    weights = {name: value.clone() for name, value in MODELS.build(small).state_dict().items()}
    return weights | drawn({'fc.weight': (classes, 32), 'fc.bias': (classes,)})


def pir_itr(words=60):
    """The authors' layout with one layer for images and two for texts."""
    dim = SETTINGS['embed_dim']
    vision = {n: w for n, w in microsoft_swin().items() if not n.startswith('head.')}
    weights = {'temp': torch.tensor(0.06), 'temp2': torch.tensor(0.08)}
    weights |= {f'vision_encoder.{name}': value for name, value in vision.items()}
    weights |= {f'text_encoder.{name}': value for name, value in bert(words, positions=64).items()}
    numbers = {'conv1': 0, 'bn1': 1, 'layer1': 4, 'layer2': 5, 'layer3': 6, 'layer4': 7}
    for name, value in resnet().items():
        part, rest = name.split('.', 1)
        if part in numbers:
            weights[f'conv_encoder.{numbers[part]}.{rest}'] = value
    shapes = {'vision_proj.weight': (dim, 32), 'text_proj.weight': (dim, 16)}
    shapes |= {'conv_proj.weight': (dim, 32)}
    square = ['head_img', 'head_txt', 'mapping_img.0', 'mapping_txt.0', 'mapping_txt.1']
    for layer in ('img_sa.0', 'img_ca.0', 'txt_sa.0', 'txt_ca.0', 'txt_sa.1', 'txt_ca.1'):
        attention = f'{layer}.mhatt' if '_sa' in layer else f'{layer}.mhatt_cross'
        square += [f'{attention}.linear_{part}' for part in ('v', 'k', 'q', 'merge')]
        shapes |= {f'{layer}.ffn.0.weight': (2 * dim, dim), f'{layer}.ffn.3.weight': (dim, 2 * dim)}
        for name, width in (('ffn.1', 2 * dim), ('norm1', dim), ('norm2', dim)):
            shapes |= {f'{layer}.{name}.weight': (width,), f'{layer}.{name}.bias': (width,)}
    shapes |= {f'{name}.weight': (dim, dim) for name in square}
    shapes |= {n.replace('.weight', '.bias'): s[:1] for n, s in shapes.items() if len(s) == 2}
    return weights | drawn(shapes)


def baseline():
    """The authors' model without prior and without attention parts."""
    parts = ('mapping', 'img_', 'txt_', 'head_', 'conv_')
    return {n: w for n, w in pir_itr().items() if not n.startswith(parts)}


def efficientnet_lite(number, device='meta'):
    """As Melas-Kyriazi's EfficientNet names them: one count of blocks over all stages.

    Widths and depths by the paper's rule; stem, head, first and last stage keep their sizes.
    """
    width, depth = ((1.0, 1.0), (1.0, 1.1), (1.1, 1.2))[number]
    shapes = {'_conv_stem.weight': (32, 3, 3, 3)} | _batch_norm('_bn0', 32)
    block, taken = 0, 32
    stages = ((1, 3, 16, 1), (6, 3, 24, 2), (6, 5, 40, 2), (6, 3, 80, 3), (6, 5, 112, 3),
              (6, 5, 192, 4), (6, 3, 320, 1))  # fmt: skip
    for stage, (expand, kernel, channels, repeats) in enumerate(stages):
        scaled = channels * width
        channels = max(8, int(scaled + 4) // 8 * 8)
        channels += 8 * (channels < 0.9 * scaled)
        repeats = repeats if stage in (0, 6) else -int(-repeats * depth // 1)
        for _ in range(repeats):
            name, wide = f'_blocks.{block}', taken * expand
            if expand > 1:
                shapes[f'{name}._expand_conv.weight'] = (wide, taken, 1, 1)
                shapes |= _batch_norm(f'{name}._bn0', wide)
            shapes[f'{name}._depthwise_conv.weight'] = (wide, 1, kernel, kernel)
            shapes |= _batch_norm(f'{name}._bn1', wide)
            shapes[f'{name}._project_conv.weight'] = (channels, wide, 1, 1)
            shapes |= _batch_norm(f'{name}._bn2', channels)
            block, taken = block + 1, channels
    shapes |= {'_conv_head.weight': (1280, taken, 1, 1)} | _batch_norm('_bn1', 1280)
    shapes |= {'_fc.weight': (1000, 1280), '_fc.bias': (1000,)}
    if device == 'meta':
        return {name: torch.empty(shape, device='meta') for name, shape in shapes.items()}
    counters = {n: torch.zeros((), dtype=torch.long) for n in shapes if n.endswith('_tracked')}
    return drawn(shapes) | counters


def _batch_norm(name, channels):
    parts = ('weight', 'bias', 'running_mean', 'running_var')
    return {f'{name}.{part}': (channels,) for part in parts} | {f'{name}.num_batches_tracked': ()}

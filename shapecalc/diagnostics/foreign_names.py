"""Names of layers and fields in other tools that have no counterpart here, so that no similar name is suggested.

In each text a paragraph has names that get one answer, `names | what to write instead`, or names alone. `#` is "", 1d,
2d or 3d. Names are folded (`suggestions.fold`).
"""

WITHOUT_COUNTERPART = """
mbconv | use `conv` with `kernel_size: 1`, `conv` with `depthwise: true`, and `conv` with `kernel_size: 1`

pointwiseconv# pwconv# conv1x1 | use a `conv` with `kernel_size: 1`

conv3x3 | use a `conv` with `kernel_size: 3` and `padding: 1`

causalconv# causalconvwithstate convtbc# dcnv3 dynamicconv# condconv#
octaveconv# partialconv# gatedconv# quantconv# convinteger qlinearconv# graphconv gcnconv gatconv sageconv edgeconv
spectralconv# coordconv# involution ghostconv lightconv repconv conv2 mixedconv#
locallyconnected# local crosscorrelation

convgru# convgrucell

pool pool1d pool2d pool3d pooling pooling1d pooling2d pooling3d spatialpool spatialpooling | use `max_pool` or
`avg_pool`, whichever it computes

globalpool# globalpooling# | use `global_avg_pool` or `global_max_pool`, whichever it computes

adaptivepool# adaptivepooling# selectadaptivepool# | use `adaptive_avg_pool` or `adaptive_max_pool`, whichever it
computes

fractionalmaxpool# fractionalmaxpool#withindices fractionalavgpool# fracpool# fractionalpool# fractionalpooling#
stochasticpool#
roipool# roipooling roialign maxroipool psroipool psroipooling psroialign prroipool spp sppf sppfast
spatialpyramidpooling spatialpyramidpool aspp psp pyramidpooling blurpool# mixpool# minpool# minpooling# sumpool#
sumpooling# medianpool# stdpool# rankpool# gempool# gem generalizedmeanpool generalizedmeanpooling attentionpool#
attentionpooling attnpool# attentivepooling catavgmaxpool# avgmaxpool# adaptivecatavgmaxpool# adaptiveavgmaxpool#
attentionpoollatent avgpool2dsame maxpool2dsame topkpool# sagpool edgepool diffpool settransformer netvlad statspool
statisticspooling squeezepool

rrelu randomizedrelu | `leaky_relu` is what it computes in evaluation

crelu srelu frelu geglu swiglu reglu bilinearglu maxout softmin shrink hardmax sparsemax entmax gumbelsoftmax sparseplus
sparsesigmoid squareplus softexponential gelutanh fastgelu newgelu squaredrelu relusquared starrelu snake snakebeta
siren bentidentity logit softmaxfocal hardmish hardelu smelu metaacon acon acona aconb aconc dice tanhexp softclip
softcap dyrelu dynamicrelu leakyrelusquared bnll loggy stair plse lhtan relie ramp nelu softargmax
adaptivelogsoftmaxwithloss adaptivelogsoftmax hierarchicalsoftmax sampledsoftmax

activation act activationlayer nonlinearity | write the activation as the step, such as `- relu`

normalization meanvariancenormalization mvn globalresponsenorm globalresponsenormalization grn grnlayer powernorm
powernormalization spectralnorm spectralnormalization batchrenorm batchrenormalization switchnorm switchablenorm
switchnormalization filterresponsenorm frn evonorm evonormb0 evonorms0 evonorm2db0 evonorm2ds0 simplenorm evonorm2d
pixelnorm pixelnormalization pixelwisenorm scalenorm rescalenorm adanorm adain adaptiveinstancenorm adalayernorm
adalayernormzero adaptivelayernorm adagroupnorm conditionalbatchnorm# conditionalinstancenorm# conditionallayernorm
spade film graphnorm pairnorm diffgroupnorm meansubtractionnorm deepnorm positionalnorm positionnorm momentnorm
crossnorm ghostbatchnorm virtualbatchnorm inplaceabn iabn groupresponsenorm channelnorm instancelayernorm cosinenorm
qknorm divisivenorm nonorm layernormlstmcell dynamictanh dyt dynamicerf localcontrastnorm localcontrastnormalization lcn
contrastnorm localmeanvariancenormalization frozenbatchnorm# affinechannel standardize

layernorm2d rmsnorm2d simplenorm2d layernormchannelsfirst channellayernorm channellastlayernorm | use `permute: [0,
2, 3, 1]`, `layer_norm` and `permute: [0, 3, 1, 2]`

batchnormact2d batchnormact groupnormact layernormact convnormact convbnact convbnrelu convbn convbnlayer
conv2dnormactivation convnormactivation conv3dnormactivation basicconv2d convmodule convblock | use `conv`, the norm
and the activation as steps of a block

gaussiannoise gaussiandropout dropblock# dropconnect variationaldropout lockeddropout concretedropout targeteddropout
zoneout shakedrop shakeshake cutout mixup cutmix augmix patchdropout | it changes numbers in training only: write
`identity` or leave it out

activityregularization masking stopgradient detach contiguous clone copy print checkpoint requiresgrad
optimizationbarrier dequantstub quantstub | it changes no shape: write `identity` or leave it out

rnncellbase rnnbase stackedrnncells | use `rnn`, which reads the whole sequence

layernormbasiclstmcell | use `lstm`, which reads the whole sequence

bidirectional birnnwrapper | use `bidirectional: true` in the recurrent layer

timedistributed | layers such as `linear` work at every time step without it

qrnn sru indrnn mgu janet ligru plstm mlstm slstm xlstm mamba mamba2 s4 s4d s5 ssm rwkv
rwkv6 rwkv7 hyena retention retnet lineartransformer minimallstm minlstm mingru linearattention lineargatedattention
deltanet gateddeltanet gla ntm dnc esn crnn ctc crf linearchaincrf

additiveattention bahdanauattention bahdanau luongattention luong locationattention monotonicattention flexattention
windowattention shiftedwindowattention swinattention neighborhoodattention natten axialattention cosineattention
talkingheadsattention talkingheads performer performerattention linformer reformer bigbird deformableattention
msdeformattn mla multiheadlatentattention poolingattention externalattention channelattention spatialattention
coordinateattention coordatt cbam bam cbammodule sam scalechannels scalechannel nonlocalattn eca ecamodule
gatedattention nonlocal nonlocalblock criss crisscross outlookattention classattention graphattention gat
selectivekernel splitattn splitattention lambdalayer haloattn halonet bottleneckattn lsaattention memoryattention
crossattentionblock attention2d attentionpool2d

transformer transformerencoder transformerdecoder transformerencoderlayer transformerdecoderlayer encoderlayer
decoderlayer transformerblock encoderblock decoderblock transformerlayer bertlayer gptblock | compose it of
`multihead_attention`, `add`, `layer_norm` and `linear` in a block

mlp ffn feedforward feedforwardnetwork positionwisefeedforward | compose it of `linear`, an activation and `linear` in
a block

kan kanlinear hypernetwork bitlinear maskedlinear noisylinear ternarydense
binarydense quantdense einsumdense sparsedense highway lora loralinear dora parallellinear columnparallellinear
rowparallellinear grouplinear blocklinear linear4bit linear8bitlt linearclassifier linearregressor quantizelinear
cblinear dequantizelinear dynamicquantizelinear qlinear qlinearmatmul matmulinteger conv1dgpt hashembedding

squeezeexcite squeezeexcitation squeezeandexcite squeezeandexcitation se selayer seblock semodule | compose it of
`multiply` with a branch of `global_avg_pool`, `conv`, `relu`, `conv` and `sigmoid`

residualblock resblock resnetblock basicblock bottleneck bottleneckblock invertedresidual denseblock denselayer
transition inception inceptionblock firemodule fire convnextblock cnblock c2 c3 c2f c3k c3k2 c2psa psa psablock c1
gaussianyolo c3x c3tr c3ghost bottleneckcsp csp cspblock elan repncspelan4 a2c2f area aattn ghostbottleneck focus stem
hgstem hgblock hgnet detect segment pose obb classify yolo yolov3 yolohead region detection rtdetrdecoder worlddetect
patchembed patchembedding patchmerging patchexpand downsample downsampling downsample1d downsample2d sppcspc sppelan
scdown adown aconv cib c2fcib c2fattn imagepoolingattn dfl proto tfblock aifi cbfuse elan1 repc3 resnetlayer
contrastivehead convmlp glumlp globalresponsenormmlp relposmlp classifierhead gatherexcite globalcontext format
testtimepoolhead hourglass fpn panet bifpn rpn | compose it of layers in a block under `blocks:`

sequential modulelist moduledict module container model functional layer network cnn dnn parameterlist parameterdict
dataparallel distributeddataparallel pipeline wrapper jaxlayer flaxlayer tfsmlayer torchmodulewrapper if loop scan
sequencemap nonlinear block | write its layers as steps, or a block under `blocks:`

lambda function custom python pythonlayer call | write the layers that it consists of

input inputlayer inputspec placeholder data hdf5data imagedata dummydata memorydata windowdata annotateddata datalayer
arg parameterinput | state the shape in `input:` at the top of the file

output outputlayer return hdf5output silence | state it in `outputs:` at the top of the file

accuracy loss criterion crossentropy crossentropyloss binarycrossentropy binarycrossentropywithlogits nllloss
nllloss2d poissonnllloss gaussiannllloss mseloss meansquarederror l1loss smoothl1loss huberloss kldiv kldivloss
bceloss bcewithlogitsloss ctcloss hingeloss hingeembeddingloss cosineembeddingloss marginrankingloss
multilabelmarginloss multilabelsoftmarginloss multimarginloss softmarginloss tripletmarginloss
tripletmarginwithdistanceloss contrastiveloss euclideanloss infogainloss multinomiallogisticloss
sigmoidcrossentropyloss softmaxwithloss softmaxcrossentropyloss softmaxcrossentropy negativeloglikelihoodloss
linearcrossentropy linearcrossentropyloss focalloss diceloss cost sse | a loss comes after the network: leave it out

average avg | use `add`, then `divide` by the number of inputs

floordivide mod remainder fmod exp2 log2 log10 ln2 tan asin acos atan atan2 sinh cosh asinh acosh atanh erfc erfinv
trunc frac lerp addcmul addcdiv xor logicalxor bitshift bitwiseand bitwiseor bitwisexor bitwisenot bitwiseleftshift
bitwiserightshift bitcast isnan isinf isfinite nantonum selectscatter maskedselect maskedscatter heaviside hypot sinc
digamma lgamma unaryop binaryop bias biasadd biaslayer

eltwise elementwise combine | use `add` or `multiply`, whichever it computes

reduceany reduceall reduction cumprod cummax cummin logcumsumexp aminmax nansum nanmean median nanmedian mode varmean
stdmean argmin argsort sort kthvalue quantile nanquantile bincount histc unique uniqueconsecutive any all countnonzero
dist trace

bilinear trilinear nearest bicubic | use `upsample` with `mode` if it interpolates

dot dotproduct | use `matmul`, which takes two inputs

tensordot outer inner kron cross mv addmv addr addbmm baddbmm addmatmul chainmatmul linalg det inverse svd qr
eig groupedmm scaledmm scaledgroupedmm matmulnbits pairwisedistance cdist pdist euclideandistance bilinearpooling
compactbilinearpooling sspaddmm triangularsolve cholesky

crop cropping# | use `slice: {dim: …, start: …, end: …}` for one axis after another, or `center_crop`

croppad centercroppad index indexput indexadd indexfill gathernd
embeddinggather scatter scatteradd scatternd scatterelements scatterreduce
tensorscatter tensorsplit hsplit vsplit dsplit splittosequence concatfromsequence sequenceat
sequenceconstruct sequenceempty sequenceerase sequenceinsert sequencelength optional optionalgetelement
optionalhaselement compress nonzero nonmaxsuppression nms reversesequence rot90
diag diagonal diagembed eyelike eye range arange linspace shape size constantofshape fill full zeros ones
zeroslike oneslike fulllike empty rand randn randomnormal randomnormallike randomuniform randomuniformlike bernoulli
multinomial castlike half cutoff stn warp
opticalflowwarp correlation filter argsortgather batchreindex listdata hstack vstack dstack columnstack meshgrid

variable weight tensor scalar value

spacetodepth depthtospace reorg reorglayer passthroughlayer randomcrop rescaling rescale normalizeimage
windowpartition windowreverse

rearrange reduce einopsrearrange einopsreduce | use `reshape` and `permute`

ravel | use `flatten`, which leaves the batch axis

swap | use `permute`, which lists every axis

reversibleembedding textvectorization stringlookup integerlookup hashing hashedcrossing discretization
categorymapper labelencoder onehotencoder tfidfvectorizer stringconcat stringnormalizer stringsplit regexfullmatch
autocontrast equalization contrastlimitedadaptivehistogramequalization randaugment randombrightness
randomcolordegeneration randomcolorjitter randomcontrast randomelastictransform randomerasing randomflip
randomgaussianblur randomgrayscale randomhue randominvert randomperspective randomposterization randomrotation
randomsaturation randomsharpness randomshear randomtranslation randomzoom randomapply randomresizedcrop solarization
maxnumboundingboxes imagedecoder melspectrogram melweightmatrix stftspectrogram stft istft rfft ifft irfft
blackmanwindow hammingwindow hannwindow gaussianblur colorjitter featurevectorizer dictvectorizer
arrayfeatureextractor binarizer imputer scaler normalizer castmap zipmap treeensemble treeensembleclassifier
treeensembleregressor svmclassifier svmregressor adagrad adam gradient momentum nonlocalmeans priorbox detectionoutput
proposal

segmentembedding tokentypeembedding timestepembedding timestepembedder fourierfeatures labelembedding registertokens
masktoken prompttokens
"""
"""Layer types; those that layers here have take precedence."""

WITHOUT_MEANING = """
inplace | it has no meaning here: leave it out

device dtype trainable autocast seed sparse jitcompile inferencemode stashtype useccudnn usecudnn cudnnoff engine
quantizationconfig lorarank loraalpha freeze requiresgrad weightdecay lrmult decaymult phase include storageorder | it
changes neither shapes nor costs: leave it out

name | it stands next to the layer, as a key of the step

returnindices | only the values are computed here: leave it out
"""
"""Fields of layers that change neither shapes nor costs."""

INITIALIZERS = ("initializer", "regularizer", "constraint", "filler")
"""The ends of fields that state how weights begin, or what limits them."""

package azureworm

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/holdfast-archive/holdfast/retention/worm"
)

const (
	blockSize = 8 << 20 // bytes held in memory
	maxBlocks = 50_000
)

// uploadInBlocks stores a large blob block by block. Nobody sees any of it before
// it is committed, which is where create-only is decided. Blocks have names of
// this upload's own, for writers of one key share its uncommitted blocks.
func (d *driver) uploadInBlocks(ctx context.Context, in worm.Creation) (worm.Ref, error) {
	c := d.client.NewBlockBlobClient(d.prefix + in.Key)
	ids, err := stageBlocks(ctx, c, in)
	if err != nil {
		return worm.Ref{}, err
	}
	mode, until, hold := firstLock(in.Lock)
	out, err := c.CommitBlockList(once(ctx), ids, &blockblob.CommitBlockListOptions{
		Metadata:                     metadata(in),
		HTTPHeaders:                  headers(in),
		AccessConditions:             createOnly(),
		ImmutabilityPolicyMode:       mode,
		ImmutabilityPolicyExpiryTime: until,
		LegalHold:                    hold,
	})
	if err != nil {
		return worm.Ref{}, classifyCreate(err)
	}
	return refOf(in.Key, out.VersionID), nil
}

// stageBlocks reads the whole body: its digest is checked before any of it is
// committed. Staging a block again replaces it, so the SDK may retry.
func stageBlocks(ctx context.Context, c *blockblob.Client, in worm.Creation) ([]string, error) {
	size := max(blockSize, (in.Size+maxBlocks-1)/maxBlocks)
	block, upload := make([]byte, size), rand.Text()
	var ids []string
	for {
		n, err := io.ReadFull(in.Body, block)
		if errors.Is(err, io.EOF) {
			return ids, nil
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, err
		}
		id := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s-%05d", upload, len(ids)))
		_, err = c.StageBlock(ctx, id, streaming.NopCloser(bytes.NewReader(block[:n])), &blockblob.StageBlockOptions{
			TransactionalValidation: blob.TransferValidationTypeComputeCRC64(),
		})
		if err != nil {
			return nil, classify(err)
		}
		ids = append(ids, id)
	}
}

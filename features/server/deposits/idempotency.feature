@server @deposits
Feature: A deposits request can be retried without doing it twice

  @DEP-IDEM-01 @must
  Rule: a retry does not perform the operation twice

    Scenario Outline: a <request> request, its key and <date>
      Given a <request> request with an idempotency key that the server accepts
      When it is sent again with <date>
      Then every answer is the first one, byte for byte

      Examples:
        | request        | date                        |
        | deposit        | a fresh date and signature  |
        | deposit        | the same date and signature |
        | hosted deposit | a fresh date and signature  |
        | hosted deposit | the same date and signature |

    Scenario Outline: a refund and its retry with <date> take the money once
      Given a deposit of 100 that is completed
      And a refund request of 30 with an idempotency key that the server accepts
      When it is sent again with <date>
      Then every answer is the first one, byte for byte
      And 70 of the deposit can still be refunded

      Examples:
        | date                        |
        | a fresh date and signature  |
        | the same date and signature |

    Scenario Outline: a <request> request and its retry, in the <place>
      Given calls to the <place>
      And a <request> request with an idempotency key that the server accepts
      When it is sent again with a fresh date and signature
      Then every answer is the first one, byte for byte

      Examples:
        | request             | place       |
        | every deposits POST | every place |

    Scenario Outline: a <request> request and a retry with <form>
      Given a <request> request with an idempotency key that the server accepts
      When it is sent again with <form>
      Then every answer is the first one, byte for byte

      Examples:
        | request             | form                  |
        | every deposits POST | every form of a retry |

    Scenario Outline: a <request> request with <form>, and its retry
      Given a <request> request with <form> and an idempotency key that the server accepts
      When it is sent again with a fresh date and signature
      Then every answer is the first one, byte for byte

      Examples:
        | request             | form                    |
        | every deposits POST | every form of a request |

    @alone @full
    Scenario Outline: a <request> request and a retry from another address
      Given a <request> request with an idempotency key that the server accepts
      When it is sent again from another address that is whitelisted
      Then every answer is the first one, byte for byte

      Examples:
        | request             |
        | every deposits POST |

    @full
    Scenario Outline: a <request> request, again and again with others in between
      Given a <request> request with an idempotency key that the server accepts
      When it is sent again 3 times, with others in between
      Then every answer is the first one, byte for byte

      Examples:
        | request             |
        | every deposits POST |

  @DEP-IDEM-02 @must
  Rule: no more than one deposit is created for one key

    Scenario Outline: a <request> request sent <times> times at once
      Given a <request> request with an idempotency key
      When it is sent <times> times at once
      Then all answers name one object, or say that the key is in use

      Examples:
        | request        | times |
        | deposit        | 2     |
        | deposit        | 10    |
        | hosted deposit | 10    |

      @full
      Examples: more than most servers have workers
        | request | times |
        | deposit | 50    |

    Scenario: a deposit request sent 10 times at once, in the second environment
      Given calls to the second environment
      And a deposit request with an idempotency key
      When it is sent 10 times at once
      Then all answers name one object, or say that the key is in use

    # The key is what a retry is known by, and no field of the body.
    Scenario: a deposit request without an invoice_id, and its retry
      Given a deposit request without an invoice_id and with an idempotency key, where the target takes one
      When it is sent again with a fresh date and signature
      Then every answer is the first one, byte for byte

    Scenario: a connection that breaks before the answer
      Given a deposit request with an idempotency key
      When its connection breaks before the answer, and it is sent again
      And it is sent again with a fresh date and signature
      Then every answer is the first one, byte for byte

    Scenario: a refund whose connection breaks takes the money once
      Given a deposit of 100 that is completed
      And a refund request of 30 with an idempotency key
      When its connection breaks before the answer, and it is sent again
      And it is sent again with a fresh date and signature
      Then every answer is the first one, byte for byte
      And 70 of the deposit can still be refunded

    Scenario: refunds sent at once take the money once
      Given a deposit of 100 that is completed
      And a refund request of 30 with an idempotency key
      When it is sent 10 times at once
      Then all answers name one object, or say that the key is in use
      And 70 of the deposit can still be refunded

    @alone
    Scenario: an answer that the server loses after the deposit is made
      Given a deposit request with an idempotency key
      When the server does it and loses the answer, and it is sent again
      And it is sent again with a fresh date and signature
      Then every answer is the first one, byte for byte

    @alone
    Scenario: an answer that the server loses after the refund is made
      Given a deposit of 100 that is completed
      And a refund request of 30 with an idempotency key
      When the server does it and loses the answer, and it is sent again
      Then every answer is the first one, byte for byte
      And 70 of the deposit can still be refunded

    Scenario: the same key with another body makes no second deposit
      Given a deposit request with an idempotency key that the server accepts
      When it is sent again with another amount
      Then there is no second object, and how it is answered is reported as AMB-05

    Scenario: the same key with another body makes no second refund
      Given a deposit of 100 that is completed
      And a refund request of 30 with an idempotency key that the server accepts
      When it is sent again with another amount
      Then there is no second object, and how it is answered is reported as AMB-05
      And 70 of the deposit can still be refunded

  @DEP-IDEM-03 @must
  Rule: the key in X-Idempotency-Key is any random and unique string

    Scenario Outline: <key> as a key
      Given a deposit request with <key> as its idempotency key that the server accepts
      When it is sent again with a fresh date and signature
      Then every answer is the first one, byte for byte

      Examples:
        | key              |
        | every usual key  |

      @full
      Examples: more than a header of most programs has
        | key              |
        | every unusual key |

    Scenario Outline: two keys of <length> that differ only in <difference>
      Given a deposit request with a key of <length> as its idempotency key that the server accepts
      When another is sent whose key differs only in <difference>
      Then each has an object of its own

      Examples:
        | length         | difference         |
        | 36 characters  | its last character |
        | 36 characters  | its first character |
        | 36 characters  | its length         |
        | 36 characters  | lacking its last character |
        | 64 characters  | its length         |
        | 64 characters  | lacking its last character |
        | 22 letters     | its letter case    |
        | 255 characters | its first character |
        | 255 characters | character 32       |
        | 255 characters | character 64       |
        | 255 characters | character 65       |
        | 255 characters | character 128      |
        | 255 characters | its last character |

    @observed
    Scenario: two version 4 UUIDs that differ only in their letter case
      Given a deposit request with a version 4 UUID as its idempotency key that the server accepts
      When another is sent whose key differs only in its letter case
      Then whether they are one key is reported as AMB-07

  @DEP-IDEM-04 @must
  Rule: status and body of the first request are saved, whether it succeeded or failed

    Scenario: a success five times over
      Given a deposit request with an idempotency key that the server accepts
      When it is sent again 5 times
      Then every answer is the first one, byte for byte

    Scenario: a refusal is replayed although it would succeed now
      Given a deposit of 100 that is not paid yet
      And a refund request of 60 with an idempotency key
      When it is sent, and sent again 3 times once the deposit is paid
      Then every answer is the first one, byte for byte
      And a refund of 60 with another key is accepted
      And 40 of the deposit can still be refunded

    Scenario Outline: a <request> request that <fault>
      Given a <request> request that <fault>, with an idempotency key
      When it is sent 4 times, with others in between
      Then every answer is the first one, byte for byte

      Examples:
        | request | fault                            |
        | deposit | has an amount that is negative   |
        | deposit | uses an invoice a second time    |
        | refund  | asks for more than was paid      |
        | refund  | is about a deposit that is not there |

  @DEP-IDEM-05 @must
  Rule: later requests with the key have the same result, 500 errors included

    @alone
    Scenario Outline: a <request> request that met an error 500
      Given a <request> request with an idempotency key
      When the server fails it with an error 500, and it is sent again 3 times with others in between
      Then every answer is the first one, byte for byte

      Examples:
        | request             |
        | every deposits POST |

    @alone
    Scenario Outline: a <request> request that met an error 500, in the <place>
      Given calls to the <place>
      And a server that can be told to fail
      And a <request> request with an idempotency key
      When the server fails it with an error 500, and it is sent again
      Then every answer is the first one, byte for byte

      Examples:
        | request | place       |
        | deposit | every place |

    @alone
    Scenario: another key after an error 500
      Given a deposit request with an idempotency key
      When the server fails it with an error 500, and it is sent again
      And another is sent whose key differs only in its last character
      Then it was accepted

    @alone
    Scenario: an error 500 of a refund takes no money
      Given a deposit of 100 that is completed
      And a refund request of 30 with an idempotency key
      When the server fails it with an error 500, and it is sent again
      Then every answer is the first one, byte for byte
      And 100 of the deposit can still be refunded

    Scenario: replies after the deposit has moved on
      Given a deposit request with an idempotency key that the server accepts
      When the deposit is paid, and it is sent again
      Then every answer is the first one, byte for byte

    @full
    Scenario Outline: a deposit request that is sent again after <history>
      Given a deposit request with an idempotency key that the server accepts
      When it is sent again after <history>
      Then every answer is the first one, byte for byte

      Examples:
        | history                               |
        | every history of a created deposit    |

    @full
    Scenario Outline: a refund request that is sent again after <history>
      Given a refund request with an idempotency key that the server accepts
      When it is sent again after <history>
      Then every answer is the first one, byte for byte

      Examples:
        | history                               |
        | every history of a created refund     |

    @alone
    Scenario Outline: a <request> request that meets an error 500 when it is sent 5 times at once
      Given a <request> request with an idempotency key
      When the server fails it with an error 500, when it is sent 5 times at once
      Then all have one answer, or say that the key is in use

      Examples:
        | request             |
        | every deposits POST |

    @last
    Scenario Outline: the first <request> of the run, at its end
      Given the first <request> of the run
      When it is sent again with a fresh date and signature
      Then every answer is the first one, byte for byte

      Examples:
        | request                  |
        | every remembered request |

    @last @alone @full
    Scenario Outline: the first <request> of the run, <time> later
      Given the first <request> of the run
      When the server's clock has moved on by <time>, and it is sent again
      Then every answer is the first one, byte for byte

      Examples:
        | request                  | time               |
        | every remembered request | every while        |

  @DEP-IDEM-07 @must
  Rule: every POST accepts an idempotency key

    Scenario: a refund request with a key
      Given a deposit of 100 that is completed
      And a refund request of 30 with an idempotency key that the server accepts
      When it is sent again 3 times
      Then every answer is the first one, byte for byte
      And 70 of the deposit can still be refunded

    Scenario Outline: refund requests with keys that differ only in <difference>
      Given a deposit of 100 that is completed
      And a refund request of 30 with an idempotency key that the server accepts
      When another is sent whose key differs only in <difference>
      Then each has an object of its own
      And 40 of the deposit can still be refunded

      Examples:
        | difference          |
        | its last character  |
        | its first character |
        | its length          |
        | lacking its last character |

    Scenario Outline: refund requests with keys of <length> that differ only in <difference>
      Given a refund request with a key of <length> as its idempotency key that the server accepts
      When another is sent whose key differs only in <difference>
      Then each has an object of its own

      Examples:
        | length         | difference          |
        | 22 letters     | its letter case     |
        | 255 characters | its first character |
        | 255 characters | character 32        |
        | 255 characters | character 64        |
        | 255 characters | character 65        |
        | 255 characters | its last character  |

    @full
    Scenario Outline: a refund request with <key>
      Given a refund request with <key> as its idempotency key that the server accepts
      When it is sent again with a fresh date and signature
      Then every answer is the first one, byte for byte

      Examples:
        | key             |
        | every usual key |

      @full
      Examples: more than a header of most programs has
        | key               |
        | every unusual key |

    @observed
    Scenario: one key for a deposit and for a refund
      Given a deposit request with an idempotency key that the server accepts
      When a refund is requested with the same key
      Then it is accepted, or answered with the deposit where AMB-06 is read as global

  @DEP-IDEM-08 @must
  Rule: a key has no effect on GET

    Scenario Outline: a <request> request with a key that was used for a <creation>
      Given a <request> request that the server accepts
      When only its X-Idempotency-Key is one that was used for a <creation>
      Then it is accepted

      Examples:
        | request               | creation |
        | every deposits lookup | deposit  |
        | every deposits lookup | refund   |

    @full
    Scenario Outline: one key on two <request> requests
      Given a <request> request that the server accepts
      When two different ones are sent with one idempotency key
      Then the second is answered as without the key

      Examples:
        | request               |
        | every deposits lookup |

    Scenario: one key on the status of two deposits
      Given two deposits
      When the status of each is asked for with one idempotency key
      Then each answer is about its own deposit

    Scenario: one key on the status of a deposit before and after it is paid
      Given a deposit of 100 that is not paid yet
      When its status is asked for with one idempotency key before and after it is paid
      Then the second answer says COMPLETED

    Scenario: one key on the status of a refund before and after it is delivered
      Given a refund of a completed deposit
      When its status is asked for with one idempotency key before and after it is delivered
      Then the second answer says DELIVERED

    Scenario: a key that was used on GET creates a deposit
      Given a deposit status request with an idempotency key that the server accepts
      When a deposit is requested with the same key
      Then it was accepted

    @full
    Scenario: one key on the cancelling of two cashouts
      Given two pending cashouts
      When each is cancelled with one idempotency key
      Then both of them are cancelled

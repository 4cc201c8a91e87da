@server @cashouts
Feature: An external id is used once

  @CASH-EXT-01 @must
  Rule: a second use of an external id is refused and creates nothing

    Scenario Outline: the external id of a cashout that is <status>, <variation>, in the <place>
      Given calls to the <place>
      And a cashout that is <status>
      When its external id is used again <variation>
      Then it was refused because of its external id
      And the status of the first cashout is still <status>

      Examples:
        | status                                | variation            | place             |
        | every status of an external id in use | for the same cashout | every place       |
        | pending                               | every other cashout  | first environment |

    @observed
    Scenario: the external id of a cashout that is cancelled
      Given a cashout that is cancelled
      When its external id is used again for the same cashout
      Then whether it was refused is reported as AMB-40

    # A notification names up to 100 characters of it, so there may be as many.
    Scenario Outline: an external id of <length> characters
      Given a cashout whose external id has <length> characters
      When its external id is used again for the same cashout
      Then it was refused because of its external id

      Examples:
        | length |
        | 33     |
        | 51     |
        | 65     |
        | 100    |

    Scenario: an external id that is used again and again, with others in between
      Given a cashout that is pending
      When its external id is used again 3 times, with other cashouts in between
      Then all of them were refused because of its external id

    @alone
    Scenario: a second use takes nothing from the balance
      Given a balance of 100
      When a cashout of 40 is requested
      And its external id is used again 3 times, with nothing in between
      Then a cashout of 50 is accepted, and one of 20 refused because of the balance

    @last
    Scenario: the first external id of the run, at its end
      Given the first cashout of the run
      When its external id is used again for the same cashout
      Then it was refused because of its external id

    @last @alone @full
    Scenario Outline: the first external id of the run, <time> later
      Given the first cashout of the run
      When the server's clock has moved on by <time>
      And its external id is used again for the same cashout
      Then it was refused because of its external id

      Examples:
        | time        |
        | every while |

    Scenario: one external id at once
      Given a cashout request of 10
      When it is sent 10 times at once
      Then exactly one of them was accepted
